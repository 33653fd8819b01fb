// imdictl: the survey from a command line.

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "clients/cli/commands.h"

namespace imdi::cli {
namespace {

constexpr const char* kFooter =
    "Exit codes: 0 done, 1 failed, 2 command line, 3 invalid input, 4 not found, 5 state does not "
    "allow it,\n"
    "6 server unavailable (try again), 7 there are differences, 8 the log does not verify.";

// What the options of the subcommands are read into.
struct Arguments {
  std::vector<std::string> files;
  std::vector<std::string> editions;
  std::vector<std::string> claims, indicators, attributes;
  std::string answers, name, edition, unit, part = "main", reason, by, indicator, attribute,
                                            disposition, id, backup, keys;
  std::string data = "data", program;
  std::string release = "latest", claims_release, basis, survey = "KU", audience = "internal";
  int64_t revision = 0, from = 0, to = 0, expected_revision = 0, position = 0;
  int count = 0;
  bool live = false;
  int in_flight = 64;
  bool dry_run = false, without_keys = false;
};

int Main(int argc, char** argv) {
  CLI::App app("imdictl: definitions, answers, figures and the log of IMDi's municipal survey",
               "imdictl");
  app.footer(kFooter);
  app.require_subcommand(1);
  Options options;
  std::string output = "table";
  app.add_option("--server", options.server, "public address of the server")->capture_default_str();
  app.add_option("--internal", options.internal, "internal address of the server")
      ->capture_default_str();
  app.add_option("-o,--output", output, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  app.add_option("--language", options.language, "language of labels: nn, nb or en")
      ->check(CLI::IsMember({"nn", "nb", "en"}))
      ->capture_default_str();
  app.add_option("--timeout", options.timeout_seconds, "seconds for one call")
      ->check(CLI::Range(1, 60))
      ->capture_default_str();
  app.add_option("--patience", options.patience_seconds, "seconds for all tries of a submission")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  app.fallthrough();

  Arguments a;
  std::function<int(Commands&)> run;
  std::function<int()> run_offline;
  const auto command = [&](CLI::App* parent, const char* name, const char* what,
                           std::function<int(Commands&)> does) {
    CLI::App* sub = parent->add_subcommand(name, what);
    sub->callback([&run, does = std::move(does)] { run = does; });
    return sub;
  };

  // Definitions.
  CLI::App* apply = command(&app, "apply", "apply definition documents (files and folders of YAML)",
                            [&](Commands& c) { return c.Apply(a.files, a.dry_run); });
  apply->add_option("-f,--file", a.files, "file or folder; may be repeated")->required();
  apply->add_flag("--dry-run", a.dry_run,
                  "check each against what the server holds now, and change nothing");
  CLI::App* diff = command(&app, "diff", "compare definition documents with what the server holds",
                           [&](Commands& c) { return c.Diff(a.files); });
  diff->add_option("-f,--file", a.files, "file or folder; may be repeated")->required();
  CLI::App* validate =
      app.add_subcommand("validate", "check definition documents without a server");
  validate->callback([&] {
    run_offline = [&a, &output] { return Commands::Validate(a.files, output == "json"); };
  });
  validate->add_option("-f,--file", a.files, "file or folder; may be repeated")->required();
  CLI::App* get_definition =
      command(&app, "get-definition", "print a definition as JSON",
              [&](Commands& c) { return c.GetDefinition(a.name, a.revision); });
  get_definition->add_option("name", a.name, "editions/KU2017, editions/KU2017/frame, …")
      ->required();
  get_definition->add_option("--revision", a.revision, "0 = the latest");

  // Collection.
  CLI::App* submit =
      command(&app, "submit", "send the actions of an answers file; a second run appends nothing",
              [&](Commands& c) { return c.Submit(a.answers, a.in_flight); });
  submit->add_option("--answers", a.answers, "answers file (NDJSON)")->required();
  submit->add_option("--in-flight", a.in_flight, "calls at a time")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  const auto edition_state = [&](const char* name, const char* what, bool open) {
    CLI::App* sub = command(&app, name, what, [&a, open](Commands& c) {
      return c.SetState(a.edition, open, a.unit, a.reason);
    });
    sub->add_option("edition", a.edition, "KU2017")->required();
    sub->add_option("--unit", a.unit, "only for this unit");
    sub->add_option("--reason", a.reason, "recorded with it");
  };
  edition_state("open", "open an edition, or one unit of a closed edition again (reopen)", true);
  edition_state("close", "close an edition", false);
  CLI::App* disposition = command(
      &app, "set-disposition", "record what became of a unit that did not answer",
      [&](Commands& c) { return c.SetDisposition(a.edition, a.unit, a.disposition, a.reason); });
  disposition->add_option("edition", a.edition, "KU2017")->required();
  disposition->add_option("unit", a.unit, "code of the unit")->required();
  disposition->add_option("disposition", a.disposition, "refusal, non_contact or out_of_scope")
      ->check(CLI::IsMember({"refusal", "non_contact", "out_of_scope"}))
      ->required();
  disposition->add_option("--reason", a.reason, "recorded with it");
  CLI::App* withdraw =
      command(&app, "withdraw", "withdraw a unit's current answers",
              [&](Commands& c) { return c.Withdraw(a.name, a.expected_revision, a.reason); });
  withdraw->add_option("name", a.name, "editions/KU2017/submissions/{unit}.{part}")->required();
  withdraw->add_option("--expected-revision", a.expected_revision, "the revision to withdraw")
      ->required();
  withdraw->add_option("--reason", a.reason, "recorded with it")->required();
  CLI::App* erase = command(&app, "erase-text", "erase the free texts of a submission for good",
                            [&](Commands& c) { return c.EraseText(a.name, a.reason); });
  erase->add_option("name", a.name, "name of the revision")->required();
  erase->add_option("--reason", a.reason, "recorded with it")->required();
  command(&app, "get", "print a unit's answers",
          [&](Commands& c) { return c.GetSubmission(a.name); })
      ->add_option("name", a.name, "editions/KU2017/submissions/{unit}.{part}")
      ->required();
  CLI::App* history = command(&app, "history", "the revisions of a unit's answers",
                              [&](Commands& c) { return c.History(a.edition, a.unit, a.part); });
  CLI::App* diff_submissions = command(
      &app, "diff-submissions", "what changed between two revisions",
      [&](Commands& c) { return c.DiffSubmissions(a.edition, a.unit, a.part, a.from, a.to); });
  for (CLI::App* sub : {history, diff_submissions}) {
    sub->add_option("edition", a.edition, "KU2017")->required();
    sub->add_option("unit", a.unit, "code of the unit")->required();
    sub->add_option("--part", a.part, "part of the questionnaire")->capture_default_str();
  }
  diff_submissions->add_option("--from", a.from, "revision")->required();
  diff_submissions->add_option("--to", a.to, "revision")->required();
  command(&app, "receipt", "print the receipt of a submission",
          [&](Commands& c) { return c.Receipt(a.name); })
      ->add_option("name", a.name, "name of the revision")
      ->required();
  CLI::App* status = command(&app, "status", "how the collection stands",
                             [&](Commands& c) { return c.Status(a.edition, a.by); });
  status->add_option("edition", a.edition, "KU2017")->required();
  status->add_option("--by", a.by, "unit_type, imdi_region, … (an attribute of the frame)");

  // Figures.
  const auto takes_edition = [&](CLI::App* sub) {
    sub->add_option("edition", a.edition, "KU2017")->required();
    return sub;
  };
  const auto takes_release = [&](CLI::App* sub) {
    sub->add_option("--release", a.release, "a number, latest or live")->capture_default_str();
    return sub;
  };
  constexpr const char* kFigureName =
      "editions/KU2017/releases/latest/figures/IND_TARGET.WITH_PROGRAMME.imdi_region=3";
  command(&app, "get-figure", "print one figure", [&](Commands& c) { return c.GetFigure(a.name); })
      ->add_option("name", a.name, kFigureName)
      ->required();
  command(&app, "explain", "how a figure is computed, to be followed with a pocket calculator",
          [&](Commands& c) { return c.Explain(a.name); })
      ->add_option("name", a.name, kFigureName)
      ->required();
  CLI::App* figures = command(&app, "figures", "list figures of a release", [&](Commands& c) {
    return c.Figures(a.edition, a.release, a.indicator, a.attribute);
  });
  takes_release(takes_edition(figures));
  figures->add_option("--indicator", a.indicator, "only this one");
  figures->add_option("--attribute", a.attribute, "only this breakdown; total = totals only");
  takes_release(
      takes_edition(command(&app, "indicators", "what there is to ask for",
                            [&](Commands& c) { return c.Indicators(a.edition, a.release); })));
  CLI::App* table =
      command(&app, "table", "the standard report, or the indicators named, by a breakdown",
              [&](Commands& c) {
                return c.Table(a.edition, a.release, a.indicators, a.basis, a.attributes);
              });
  takes_release(takes_edition(table));
  table->add_option("--indicators", a.indicators, "IND_TARGET,Q_INT01; all questions when left out")
      ->delimiter(',');
  table->add_option("--basis", a.basis, "only this basis");
  table->add_option("--by", a.attributes, "imdi_region, or two variables: imdi_region,size_group")
      ->delimiter(',');
  CLI::App* series = command(&app, "series", "a cell over the editions of its survey",
                             [&](Commands& c) { return c.Series(a.survey, a.name, a.live); });
  series->add_option("cell", a.name, "IND_TARGET.WITH_PROGRAMME")->required();
  series->add_option("--survey", a.survey, "survey")->capture_default_str();
  series->add_flag("--live", a.live, "live figures where an edition has no release");
  takes_release(
      takes_edition(command(&app, "method-note", "how an edition was carried out",
                            [&](Commands& c) { return c.MethodNote(a.edition, a.release); })));
  CLI::App* claims = app.add_subcommand("claims", "the sentences of the report");
  claims->require_subcommand(1);
  CLI::App* list_claims = takes_edition(
      command(claims, "list", "each sentence, the figures it rests on, and what they say of it",
              [&](Commands& c) { return c.ListClaims(a.edition, a.claims_release, a.claims); }));
  list_claims->add_option("--release", a.claims_release,
                          "a number, latest or live; the latest, or live where there is none, when "
                          "left out");
  list_claims->add_option("--claims", a.claims, "F00,F03; all when left out")->delimiter(',');

  // Releases.
  CLI::App* releases = app.add_subcommand("releases", "build, publish, verify and read releases");
  releases->require_subcommand(1);
  const auto takes_audience = [&](CLI::App* sub) {
    sub->add_option("--audience", a.audience, "internal or public")
        ->check(CLI::IsMember({"internal", "public"}))
        ->capture_default_str();
  };
  takes_edition(command(releases, "list", "the releases of an edition",
                        [&](Commands& c) { return c.ListReleases(a.edition); }));
  CLI::App* build = takes_edition(
      command(releases, "build", "compute a candidate; nothing is published",
              [&](Commands& c) { return c.BuildRelease(a.edition, a.audience, a.position); }));
  takes_audience(build);
  build->add_option("--at-position", a.position, "log prefix to count; 0 = all of it");
  command(releases, "preview", "the figures of a candidate",
          [&](Commands& c) { return c.PreviewCandidate(a.name); })
      ->add_option("candidate", a.name, "editions/KU2017/candidates/…")
      ->required();
  CLI::App* publish = command(
      releases, "publish", "publish a candidate, or build an edition and publish what is new",
      [&](Commands& c) { return c.PublishRelease(a.name, a.audience, a.reason); });
  publish->add_option("what", a.name, "KU2017, or editions/KU2017/candidates/…")->required();
  publish->add_option("--reason", a.reason, "why; required from the second release on");
  takes_audience(publish);
  command(releases, "verify", "recompute a release from the log",
          [&](Commands& c) { return c.VerifyRelease(a.name); })
      ->add_option("name", a.name, "editions/KU2017/releases/1")
      ->required();
  CLI::App* changes = command(releases, "changes", "what a release changed", [&](Commands& c) {
    return c.ListChanges(a.name, static_cast<int>(a.from));
  });
  changes->add_option("name", a.name, "editions/KU2017/releases/2")->required();
  changes->add_option("--since", a.from, "number of an earlier release; 0 = the one before");
  CLI::App* follow =
      command(releases, "follow", "print releases as they are published",
              [&](Commands& c) { return c.FollowReleases(a.edition, a.position, a.count); });
  follow->add_option("--edition", a.edition, "only of this one");
  follow->add_option("--after-position", a.position, "0 = from the first");
  follow->add_option("--count", a.count, "end after so many; 0 = never");

  CLI::App* report = app.add_subcommand("report", "the tables of the report");
  report->require_subcommand(1);
  CLI::App* rates = takes_release(
      command(report, "response-rates", "response rates of several editions side by side",
              [&](Commands& c) { return c.ReportResponseRates(a.editions, a.release); }));
  rates->add_option("--editions", a.editions, "KU2016,KU2017")->delimiter(',')->required();
  CLI::App* unit_history =
      command(report, "unit-history", "history and diff of a unit that changed its answers",
              [&](Commands& c) { return c.ReportUnitHistory(a.edition, a.unit, a.part); });
  unit_history->add_option("--edition", a.edition, "KU2017")->required();
  unit_history->add_option("--unit", a.unit, "code; the first that changed when left out");
  unit_history->add_option("--part", a.part, "part of the questionnaire")->capture_default_str();

  // The log.
  command(&app, "head", "position of the log's last record", [](Commands& c) { return c.Head(); });
  command(&app, "verify", "check the chain of the whole log",
          [](Commands& c) { return c.Verify(); });
  command(&app, "backup", "make a verified backup of log, drafts and keys while the server serves",
          [&](Commands& c) { return c.Backup(a.id); })
      ->add_option("id", a.id, "name of the backup")
      ->required();
  CLI::App* restore =
      app.add_subcommand("restore", "restore a backup into an empty data folder as a new epoch");
  restore->add_option("backup", a.backup, "folder of the backup")->required();
  CLI::Option_group* keys = restore->add_option_group("keys", "where the keys of the texts are");
  keys->add_option("--keys", a.keys, "folder of the backup of the keys");
  keys->add_flag("--without-keys", a.without_keys, "restore without: texts stay sealed for ever");
  keys->require_option(1);
  CLI::App* restore_keys =
      app.add_subcommand("restore-keys", "restore lost keys beside a log that is whole");
  restore_keys->add_option("keys", a.keys, "folder of the backup of the keys")->required();
  for (CLI::App* sub : {restore, restore_keys}) {
    sub->add_option("--data", a.data, "data folder")->capture_default_str();
    sub->callback([&] {
      run_offline = [&a, argv] {
        const std::string program =
            (std::filesystem::path(argv[0]).parent_path() / "imdi-allinone").string();
        return Commands::Restore(program, a.backup, a.keys, a.data);
      };
    });
  }

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  options.json = output == "json";
  if (run_offline) return run_offline();
  Commands commands(options);
  return run(commands);
}

}  // namespace
}  // namespace imdi::cli

int main(int argc, char** argv) { return imdi::cli::Main(argc, argv); }
