#include "tests/bench/side.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

namespace imdi::bench {

Side::Side(const std::string& program, std::vector<std::string> arguments,
           const Surroundings& surroundings) {
  int in[2];
  int out[2];
  if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) std::perror("pipe"), std::exit(1);
  arguments.insert(arguments.begin(), program);
  if (!surroundings.environment.empty()) {
    arguments.insert(arguments.begin(), surroundings.environment.begin(),
                     surroundings.environment.end());
    arguments.insert(arguments.begin(), "/usr/bin/env");
  }
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const auto begun = std::chrono::steady_clock::now();
  pid_ = fork();
  if (pid_ == 0) {
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    const int quiet = open("/dev/null", O_WRONLY);
    if (std::getenv("IMDI_BENCH_LOG") == nullptr) dup2(quiet, STDERR_FILENO);
    RunOn(surroundings.cpu);
    execv(argv[0], argv.data());
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  to_child_ = in[1];
  from_child_ = out[0];
  std::istringstream words(ReadLine());
  start_seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  std::string word;
  words >> word;
  if (word != "ready") {
    std::cerr << "imdi-bench: a server did not start (" << word
              << "); IMDI_BENCH_LOG=1 shows its log\n";
    std::exit(1);
  }
  while (words >> word) addresses_.push_back(word);
}

std::string Side::ReadLine() const {
  std::string line;
  char c = 0;
  while (read(from_child_, &c, 1) == 1 && c != '\n') line += c;
  return line;
}

Usage Side::Read() const {
  Usage usage;
  if (write(to_child_, "stats\n", 6) != 6) return usage;
  std::istringstream words(ReadLine());
  words >> usage.cpu_us >> usage.rss_kib >> usage.batches >> usage.records;
  return usage;
}

void Side::Stop() { Reap(); }

void Side::Kill() {
  if (pid_ > 0) kill(pid_, SIGKILL);
  Reap();
}

void Side::Reap() {
  if (pid_ <= 0) return;
  close(to_child_);
  close(from_child_);
  int state = 0;
  waitpid(pid_, &state, 0);
  pid_ = -1;
}

Usage OwnUsage() {
  Usage usage;
  rusage own{};
  getrusage(RUSAGE_SELF, &own);
  usage.cpu_us = (own.ru_utime.tv_sec + own.ru_stime.tv_sec) * int64_t{1'000'000} +
                 own.ru_utime.tv_usec + own.ru_stime.tv_usec;
  std::ifstream statm("/proc/self/statm");
  int64_t pages = 0;
  statm >> pages >> pages;
  usage.rss_kib = pages * sysconf(_SC_PAGESIZE) / 1024;
  return usage;
}

bool RunOn(int cpu) {
  const int64_t count = sysconf(_SC_NPROCESSORS_CONF);
  if (cpu >= count) return false;
  cpu_set_t set;
  CPU_ZERO(&set);
  for (int i = 0; i < count; ++i) {
    if (cpu < 0 || i == cpu) CPU_SET(i, &set);
  }
  return sched_setaffinity(0, sizeof set, &set) == 0;
}

void ServeParent(const std::string& ready, const std::function<Usage()>& usage) {
  std::cout << "ready " << ready << std::endl;
  std::string line;
  while (std::getline(std::cin, line)) {
    const Usage now = usage();
    std::cout << now.cpu_us << " " << now.rss_kib << " " << now.batches << " " << now.records
              << std::endl;
  }
}

}  // namespace imdi::bench
