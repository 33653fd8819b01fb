// imdictl: the survey from a command line.

#include "clients/cli/command_line.h"

int main(int argc, char** argv) { return imdi::cli::CommandLine().Run(argc, argv); }
