#include "clients/cli/command_line.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <system_error>
#include <utility>

#include "CLI/CLI.hpp"
#include "clients/cli/commands.h"
#include "clients/cli/print.h"
#include "services/base/text.h"
#include "services/base/trace_parent.h"

namespace imdi::cli {
namespace {

using base::StrCat;
using Methods = std::vector<std::string>;

// What the options of the commands are read into.
struct Arguments {
  std::vector<std::string> files, editions, claims, indicators, attributes, names;
  std::string answers, name, edition, unit, part = "main", reason, by, indicator, attribute,
                                            disposition, id, backup, keys, prefix, request;
  std::string data = "data", program_folder;
  std::string release = "latest", claims_release, basis, survey = "KU", audience = "internal";
  int64_t revision = 0, from = 0, to = 0, expected_revision = 0, position = 0;
  int count = 0, in_flight = 64, batch = 0;
  bool live = false, dry_run = false, without_keys = false, once = false;
  bool all_units = false, with_table = false;
};

std::string ExitCodesText() {
  std::string text = "Exit codes:";
  for (const ExitCode& code : kExitCodes) base::StrAppend(text, "\n  ", code.code, " ", code.means);
  return text;
}

// An option as people write it: NAME, --reason TEXT, or in brackets where it may be left out.
std::string SynopsisOf(const CLI::Option& option) {
  std::string text;
  if (option.get_positional()) {
    text = option.get_name(true, false);
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
    if (option.get_items_expected_max() > 1) text += "…";
  } else {
    text = StrCat("--", option.get_lnames().front());
    // "INT:INT in [1 - 256]": what it may be stands in the help.
    const std::string type = option.get_type_name();
    if (option.get_items_expected_max() > 0)
      base::StrAppend(text, " ", std::string_view(type).substr(0, type.find(':')));
  }
  return option.get_required() ? text : StrCat("[", text, "]");
}

}  // namespace

struct CommandLine::Parts {
  Parts();

  CLI::App* Add(CLI::App* parent, const char* name, const char* what, Methods methods);
  // A command that asks a service.
  CLI::App* Add(CLI::App* parent, const char* name, const char* what, Methods methods,
                std::function<int(Commands&)> does);
  // A command that does not.
  CLI::App* Add(CLI::App* parent, const char* name, const char* what, std::function<int()> does);
  CLI::App* Group(const char* name, const char* what);

  void AddGlobalOptions();
  void AddDefinitions();
  void AddCollection();
  void AddFigures();
  void AddReleases();
  void AddReports();
  void AddLog();
  void AddServices();
  void AddOffline();

  CLI::App* TakesEdition(CLI::App* sub) {
    sub->add_option("edition", a.edition, "KU2017")->required();
    return sub;
  }
  CLI::App* TakesRelease(CLI::App* sub) {
    sub->add_option("--release", a.release, "a number, latest or live")->capture_default_str();
    return sub;
  }
  CLI::App* TakesName(CLI::App* sub, const char* what) {
    sub->add_option("name", a.name, what)->required();
    return sub;
  }
  CLI::App* TakesAudience(CLI::App* sub) {
    sub->add_option("--audience", a.audience, "internal or public")
        ->check(CLI::IsMember({"internal", "public"}))
        ->capture_default_str();
    return sub;
  }

  CLI::App app{"imdictl: definitions, answers, figures and the log of IMDi's municipal survey",
               "imdictl"};
  Options options;
  std::string internal = "127.0.0.1:50052";
  std::string output = "table";
  Arguments a;
  struct Entry {
    CLI::App* app;
    Methods methods;
  };
  std::vector<Entry> entries;
  std::vector<CommandInfo> infos;
  std::function<int(Commands&)> run;
  std::function<int()> run_offline;
};

CLI::App* CommandLine::Parts::Add(CLI::App* parent, const char* name, const char* what,
                                  Methods methods) {
  CLI::App* sub = parent->add_subcommand(name, what);
  entries.push_back({sub, std::move(methods)});
  return sub;
}

CLI::App* CommandLine::Parts::Add(CLI::App* parent, const char* name, const char* what,
                                  Methods methods, std::function<int(Commands&)> does) {
  CLI::App* sub = Add(parent, name, what, std::move(methods));
  sub->callback([this, does = std::move(does)] { run = does; });
  return sub;
}

CLI::App* CommandLine::Parts::Add(CLI::App* parent, const char* name, const char* what,
                                  std::function<int()> does) {
  CLI::App* sub = Add(parent, name, what, Methods());
  sub->callback([this, does = std::move(does)] { run_offline = does; });
  return sub;
}

CLI::App* CommandLine::Parts::Group(const char* name, const char* what) {
  CLI::App* group = app.add_subcommand(name, what);
  group->require_subcommand(1);
  return group;
}

CommandLine::Parts::Parts() {
  app.footer(ExitCodesText());
  app.require_subcommand(1);
  AddGlobalOptions();
  app.fallthrough();
  AddDefinitions();
  AddCollection();
  AddFigures();
  AddReleases();
  AddReports();
  AddLog();
  AddServices();
  AddOffline();
  for (const Entry& entry : entries) {
    CommandInfo& info = infos.emplace_back();
    info.words = entry.app->get_name();
    if (entry.app->get_parent() != &app)
      info.words = StrCat(entry.app->get_parent()->get_name(), " ", info.words);
    info.what = entry.app->get_description();
    info.methods = entry.methods;
    info.synopsis = info.words;
    const auto add = [&info](const CLI::App& of) {
      for (const CLI::Option* option : of.get_options()) {
        if (option == of.get_help_ptr()) continue;
        base::StrAppend(info.synopsis, " ", SynopsisOf(*option));
      }
    };
    add(*entry.app);
    for (const CLI::App* group :
         entry.app->get_subcommands([](const CLI::App* sub) { return sub->get_name().empty(); }))
      add(*group);
  }
}

void CommandLine::Parts::AddGlobalOptions() {
  app.add_option("--server", options.addresses.public_ingestion,
                 "public address of ingestion, or of a system in one process")
      ->envname("IMDICTL_SERVER")
      ->default_str("127.0.0.1:50051");
  options.addresses.public_ingestion = "127.0.0.1:50051";
  app.add_option("--internal", internal, "internal address of the services in one process")
      ->envname("IMDICTL_INTERNAL")
      ->capture_default_str();
  app.add_option("--ingestion", options.addresses.ingestion,
                 "internal address of ingestion, where it is another than --internal")
      ->envname("IMDICTL_INGESTION");
  app.add_option("--aggregation", options.addresses.aggregation, "the same of aggregation")
      ->envname("IMDICTL_AGGREGATION");
  app.add_option("--query", options.addresses.query, "the same of query")->envname("IMDICTL_QUERY");
  app.add_option("-o,--output", output, "table, json or csv")
      ->check(CLI::IsMember({"table", "json", "csv"}))
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
  app.add_option("--traceparent", options.trace_parent,
                 "W3C traceparent that every call carries into logs and records")
      ->envname("IMDICTL_TRACEPARENT")
      ->check([](const std::string& text) {
        return base::IsTraceParent(text) ? "" : "no traceparent: 00-<32 hex digits>-<16>-<2>";
      });
  app.add_flag("--no-wait", options.no_wait,
               "figures as query has them, instead of waiting for all that the log holds");
}

void CommandLine::Parts::AddDefinitions() {
  CLI::App* apply = Add(&app, "apply", "apply definition documents (files and folders of YAML)",
                        {"EditionService/ApplyDefinition"},
                        [this](Commands& c) { return c.Apply(a.files, a.dry_run); });
  apply->add_option("-f,--file", a.files, "file or folder; may be repeated")->required();
  apply->add_flag("--dry-run", a.dry_run,
                  "check each against what the server holds now, and change nothing");
  Add(&app, "diff", "compare definition documents with what the server holds",
      {"EditionService/GetDefinition"}, [this](Commands& c) { return c.Diff(a.files); })
      ->add_option("-f,--file", a.files, "file or folder; may be repeated")
      ->required();
  Add(&app, "definitions", "names and revisions of the definitions",
      {"EditionService/ListDefinitions"},
      [this](Commands& c) { return c.ListDefinitions(a.prefix); })
      ->add_option("--prefix", a.prefix, "only names that start so");
  TakesName(
      Add(&app, "get-definition", "print a definition as JSON", {"EditionService/GetDefinition"},
          [this](Commands& c) { return c.GetDefinition(a.name, a.revision); }),
      "editions/KU2017, editions/KU2017/frame, …")
      ->add_option("--revision", a.revision, "0 = the latest");
}

void CommandLine::Parts::AddCollection() {
  CLI::App* submit =
      Add(&app, "submit", "send the actions of an answers file; a second run appends nothing",
          {"LogService/GetHead", "SubmissionService/Submit", "SubmissionService/BatchSubmit",
           "SubmissionService/Withdraw", "EditionService/SetDisposition",
           "EditionService/SetEditionState"},
          [this](Commands& c) { return c.Submit(a.answers, a.in_flight, a.batch); });
  submit->add_option("--answers", a.answers, "answers file (NDJSON)")->required();
  submit->add_option("--in-flight", a.in_flight, "calls at a time")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  submit
      ->add_option("--batch", a.batch, "submissions in one call, one call at a time; 0 = one each")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  Add(&app, "check-answers",
      "what submit would answer to the submissions of a file; nothing is stored",
      {"SubmissionService/Validate"}, [this](Commands& c) { return c.CheckAnswers(a.answers); })
      ->add_option("--answers", a.answers, "answers file (NDJSON)")
      ->required();
  const auto edition_state = [this](const char* name, const char* what, bool open) {
    CLI::App* sub = TakesEdition(
        Add(&app, name, what, {"EditionService/SetEditionState"},
            [this, open](Commands& c) { return c.SetState(a.edition, open, a.unit, a.reason); }));
    sub->add_option("--unit", a.unit, "only for this unit");
    sub->add_option("--reason", a.reason, "recorded with it");
  };
  edition_state("open", "open an edition, or one unit of a closed edition again (reopen)", true);
  edition_state("close", "close an edition, or one unit that was reopened", false);
  CLI::App* disposition =
      TakesEdition(Add(&app, "set-disposition", "record what became of a unit that did not answer",
                       {"EditionService/SetDisposition"}, [this](Commands& c) {
                         return c.SetDisposition(a.edition, a.unit, a.disposition, a.reason);
                       }));
  disposition->add_option("unit", a.unit, "code of the unit")->required();
  disposition->add_option("disposition", a.disposition, "refusal, non_contact or out_of_scope")
      ->check(CLI::IsMember({"refusal", "non_contact", "out_of_scope"}))
      ->required();
  disposition->add_option("--reason", a.reason, "recorded with it");
  CLI::App* withdraw = TakesName(
      Add(&app, "withdraw", "withdraw a unit's current answers", {"SubmissionService/Withdraw"},
          [this](Commands& c) { return c.Withdraw(a.name, a.expected_revision, a.reason); }),
      "editions/KU2017/submissions/{unit}.{part}");
  withdraw->add_option("--expected-revision", a.expected_revision, "the revision to withdraw")
      ->required();
  withdraw->add_option("--reason", a.reason, "recorded with it")->required();
  TakesName(Add(&app, "erase-text", "erase the free texts of a submission for good",
                {"SubmissionService/EraseText"},
                [this](Commands& c) { return c.EraseText(a.name, a.reason); }),
            "name of the revision")
      ->add_option("--reason", a.reason, "recorded with it")
      ->required();
  TakesName(Add(&app, "get", "print a unit's answers", {"SubmissionService/GetSubmission"},
                [this](Commands& c) { return c.GetSubmission(a.name); }),
            "editions/KU2017/submissions/{unit}.{part}");
  CLI::App* history = Add(&app, "history", "the revisions of a unit's answers",
                          {"SubmissionService/ListSubmissions"},
                          [this](Commands& c) { return c.History(a.edition, a.unit, a.part); });
  CLI::App* diff = Add(&app, "diff-submissions", "what changed between two revisions",
                       {"SubmissionService/DiffSubmissions"}, [this](Commands& c) {
                         return c.DiffSubmissions(a.edition, a.unit, a.part, a.from, a.to);
                       });
  for (CLI::App* sub : {history, diff}) {
    TakesEdition(sub)->add_option("unit", a.unit, "code of the unit")->required();
    sub->add_option("--part", a.part, "part of the questionnaire")->capture_default_str();
  }
  diff->add_option("--from", a.from, "revision")->required();
  diff->add_option("--to", a.to, "revision")->required();
  TakesName(
      Add(&app, "receipt", "print the receipt of a submission", {"SubmissionService/GetReceipt"},
          [this](Commands& c) { return c.Receipt(a.name); }),
      "name of the revision");
  TakesEdition(Add(&app, "collection", "how the collection of an edition stands",
                   {"SubmissionService/GetCollectionStatus"},
                   [this](Commands& c) { return c.CollectionStatus(a.edition, a.by); }))
      ->add_option("--by", a.by, "unit_type, imdi_region, … (an attribute of the frame)");
  CLI::App* drafts = Group("drafts", "answers that a form keeps before they are submitted");
  constexpr const char* kDraft = "editions/KU2017/drafts/{unit}.{part}";
  CLI::App* save = Add(drafts, "save", "keep a draft", {"SubmissionService/SaveDraft"},
                       [this](Commands& c) { return c.SaveDraft(a.answers, a.revision); });
  save->add_option("--answers", a.answers, "answers file with one submission")->required();
  save->add_option("--expected-version", a.revision, "version that it replaces; 0 = none yet");
  TakesName(Add(drafts, "get", "print a draft", {"SubmissionService/GetDraft"},
                [this](Commands& c) { return c.GetDraft(a.name); }),
            kDraft);
  TakesName(Add(drafts, "delete", "delete a draft", {"SubmissionService/DeleteDraft"},
                [this](Commands& c) { return c.DeleteDraft(a.name); }),
            kDraft);
}

void CommandLine::Parts::AddFigures() {
  constexpr const char* kFigureName =
      "editions/KU2017/releases/latest/figures/IND_TARGET.WITH_PROGRAMME.imdi_region=3";
  TakesName(
      Add(&app, "get-figure", "print one figure", {"LogService/GetHead", "QueryService/GetFigure"},
          [this](Commands& c) { return c.GetFigure(a.name); }),
      kFigureName);
  Add(&app, "get-figures", "print up to 200 figures of one moment",
      {"LogService/GetHead", "QueryService/BatchGetFigures"},
      [this](Commands& c) { return c.GetFigures(a.names); })
      ->add_option("names", a.names, kFigureName)
      ->required();
  TakesName(
      Add(&app, "explain", "how a figure is computed, to be followed with a pocket calculator",
          {"LogService/GetHead", "QueryService/ExplainFigure"},
          [this](Commands& c) { return c.Explain(a.name); }),
      kFigureName);
  CLI::App* figures = TakesRelease(TakesEdition(Add(
      &app, "figures", "list figures of a release",
      {"LogService/GetHead", "QueryService/ListFigures"},
      [this](Commands& c) { return c.Figures(a.edition, a.release, a.indicator, a.attribute); })));
  figures->add_option("--indicator", a.indicator, "only this one");
  figures->add_option("--attribute", a.attribute, "only this breakdown; total = totals only");
  Add(&app, "editions", "the editions that have figures, and whether these may be old",
      {"QueryService/ListEditions"}, [](Commands& c) { return c.ListEditions(); });
  TakesRelease(TakesEdition(
      Add(&app, "indicators", "what there is to ask for", {"QueryService/ListIndicators"},
          [this](Commands& c) { return c.Indicators(a.edition, a.release); })));
  CLI::App* table = TakesRelease(TakesEdition(
      Add(&app, "table", "the standard report, or the indicators named, by a breakdown",
          {"LogService/GetHead", "QueryService/GetTable"}, [this](Commands& c) {
            return c.Table(a.edition, a.release, a.indicators, a.basis, a.attributes, a.all_units);
          })));
  table->add_option("--indicators", a.indicators, "IND_TARGET,Q_INT01; all questions when left out")
      ->delimiter(',');
  table->add_option("--basis", a.basis, "only this basis");
  table->add_option("--by", a.attributes, "imdi_region, or two variables: imdi_region,size_group")
      ->delimiter(',');
  table->add_flag("--all-units", a.all_units,
                  "of all units, with intervals, in the place of those who answered");
  CLI::App* series = Add(&app, "series", "a cell over the editions of its survey",
                         {"LogService/GetHead", "QueryService/GetSeries"},
                         [this](Commands& c) { return c.Series(a.survey, a.name, a.live); });
  series->add_option("cell", a.name, "IND_TARGET.WITH_PROGRAMME")->required();
  series->add_option("--survey", a.survey, "survey")->capture_default_str();
  series->add_flag("--live", a.live, "live figures where an edition has no release");
  CLI::App* association = TakesRelease(TakesEdition(
      Add(&app, "association", "whether answers go with a breakdown: Rao and Scott's test",
          {"LogService/GetHead", "QueryService/TestAssociation"}, [this](Commands& c) {
            return c.TestAssociation(a.edition, a.release, a.name, a.attributes, a.with_table);
          })));
  association
      ->add_option("cells", a.name,
                   "IND_TARGET.WITH_PROGRAMME, Q_INT01.ANSWERED, or one answer of "
                   "it: Q_INT01.ANSWERED.answer=1")
      ->required();
  association
      ->add_option("--by", a.attributes, "imdi_region, or two variables: imdi_region,size_group")
      ->delimiter(',')
      ->required();
  association->add_flag("--with-table", a.with_table, "the counts by stratum that it tests");
  TakesRelease(TakesEdition(
      Add(&app, "method-note", "how an edition was carried out", {"QueryService/GetMethodNote"},
          [this](Commands& c) { return c.MethodNote(a.edition, a.release); })));
  CLI::App* list_claims =
      TakesEdition(Add(Group("claims", "the sentences of the report"), "list",
                       "each sentence, the figures it rests on, and what they say of it",
                       {"LogService/GetHead", "QueryService/ListClaims"}, [this](Commands& c) {
                         return c.ListClaims(a.edition, a.claims_release, a.claims);
                       }));
  list_claims->add_option("--release", a.claims_release,
                          "a number, latest or live; the latest, or live where there is none, when "
                          "left out");
  list_claims->add_option("--claims", a.claims, "F00,F03; all when left out")->delimiter(',');
}

void CommandLine::Parts::AddReleases() {
  CLI::App* releases = Group("releases", "build, publish, verify and read releases");
  constexpr const char* kCandidate = "editions/KU2017/candidates/…";
  TakesEdition(Add(releases, "list", "the releases of an edition", {"QueryService/ListReleases"},
                   [this](Commands& c) { return c.ListReleases(a.edition); }));
  TakesName(Add(releases, "get", "one release", {"QueryService/GetRelease"},
                [this](Commands& c) { return c.GetRelease(a.name); }),
            "editions/KU2017/releases/1, or …/latest");
  TakesAudience(TakesEdition(Add(releases, "build", "compute a candidate; nothing is published",
                                 {"ReleaseService/BuildRelease"},
                                 [this](Commands& c) {
                                   return c.BuildRelease(a.edition, a.audience, a.position);
                                 })))
      ->add_option("--at-position", a.position, "log prefix to count; 0 = all of it");
  TakesName(Add(releases, "candidate", "what a candidate would be", {"ReleaseService/GetCandidate"},
                [this](Commands& c) { return c.GetCandidate(a.name); }),
            kCandidate);
  TakesName(
      Add(releases, "preview", "the figures of a candidate", {"ReleaseService/PreviewCandidate"},
          [this](Commands& c) { return c.PreviewCandidate(a.name); }),
      kCandidate);
  CLI::App* publish =
      Add(releases, "publish", "publish a candidate, or build an edition and publish what is new",
          {"ReleaseService/BuildRelease", "ReleaseService/PublishRelease"},
          [this](Commands& c) { return c.PublishRelease(a.name, a.audience, a.reason); });
  publish->add_option("what", a.name, "KU2017, or editions/KU2017/candidates/…")->required();
  publish->add_option("--reason", a.reason, "why; required from the second release on");
  TakesAudience(publish);
  TakesName(
      Add(releases, "verify", "recompute a release from the log", {"ReleaseService/VerifyRelease"},
          [this](Commands& c) { return c.VerifyRelease(a.name); }),
      "editions/KU2017/releases/1");
  TakesName(Add(releases, "changes", "what a release changed", {"QueryService/ListChanges"},
                [this](Commands& c) { return c.ListChanges(a.name, static_cast<int>(a.from)); }),
            "editions/KU2017/releases/2")
      ->add_option("--since", a.from, "number of an earlier release; 0 = the one before");
  CLI::App* follow = Add(
      releases, "follow", "print releases as they are published", {"QueryService/FollowReleases"},
      [this](Commands& c) { return c.FollowReleases(a.edition, a.position, a.count); });
  follow->add_option("--edition", a.edition, "only of this one");
  follow->add_option("--after-position", a.position, "0 = from the first");
  follow->add_option("--count", a.count, "end after so many; 0 = never");
  Add(releases, "record",
      "append a part or the close of a release to the log, which aggregation does by itself",
      {"LogService/RecordRelease"}, [this](Commands& c) { return c.RecordRelease(a.request); })
      ->add_option("--request", a.request, "file with a RecordReleaseRequest as JSON")
      ->required();
}

void CommandLine::Parts::AddReports() {
  CLI::App* report = Group("report", "the tables of the report");
  TakesRelease(Add(report, "response-rates", "response rates of several editions side by side",
                   {"LogService/GetHead", "QueryService/ListFigures"},
                   [this](Commands& c) { return c.ReportResponseRates(a.editions, a.release); }))
      ->add_option("--editions", a.editions, "KU2016,KU2017")
      ->delimiter(',')
      ->required();
  CLI::App* unit_history =
      Add(report, "unit-history", "history and diff of a unit that changed its answers",
          {"EditionService/GetDefinition", "SubmissionService/ListSubmissions",
           "SubmissionService/DiffSubmissions"},
          [this](Commands& c) { return c.ReportUnitHistory(a.edition, a.unit, a.part); });
  unit_history->add_option("--edition", a.edition, "KU2017")->required();
  unit_history->add_option("--unit", a.unit, "code; the first that changed when left out");
  unit_history->add_option("--part", a.part, "part of the questionnaire")->capture_default_str();
}

void CommandLine::Parts::AddLog() {
  Add(&app, "head", "position of the log's last record", {"LogService/GetHead"},
      [](Commands& c) { return c.Head(); });
  CLI::App* tail = Add(&app, "tail", "print records of the log, then each new one",
                       {"LogService/GetHead", "LogService/FollowLog"},
                       [this](Commands& c) { return c.Tail(a.position, a.count, a.once); });
  tail->add_option("--after-position", a.position, "0 = from the first");
  tail->add_option("--count", a.count, "end after so many; 0 = never");
  tail->add_flag("--once", a.once, "end at the head that the log has now");
  Add(&app, "verify", "check the chain of the whole log",
      {"LogService/GetHead", "LogService/VerifyChain"}, [](Commands& c) { return c.Verify(); });
  Add(&app, "backup", "make a verified backup of log, drafts and keys while the server serves",
      {"LogService/CreateBackup"}, [this](Commands& c) { return c.Backup(a.id); })
      ->add_option("id", a.id, "name of the backup")
      ->required();
}

void CommandLine::Parts::AddServices() {
  Add(&app, "status",
      "the services at a glance: who serves, how far each has come, what is old or stopped",
      {"StatusService/GetStatus"}, [](Commands& c) { return c.Status(); });
  Add(&app, "fold-state", "how far aggregation has folded the log", {"FiguresService/GetFoldState"},
      [](Commands& c) { return c.FoldState(); });
  Add(&app, "follow-figures", "print what aggregation sends to query, as it comes",
      {"FiguresService/FollowFigures"}, [this](Commands& c) { return c.FollowFigures(a.count); })
      ->add_option("--count", a.count, "end after so many messages; 0 = never");
}

void CommandLine::Parts::AddOffline() {
  Add(&app, "validate", "check definition documents without a server",
      [this] { return Commands::Validate(a.files, options.format); })
      ->add_option("-f,--file", a.files, "file or folder; may be repeated")
      ->required();
  const auto restored = [this] {
    return Commands::Restore(StrCat(a.program_folder, "/imdi-allinone"), a.backup, a.keys, a.data);
  };
  CLI::App* restore =
      Add(&app, "restore", "restore a backup into an empty data folder as a new epoch", restored);
  restore->add_option("backup", a.backup, "folder of the backup")->required();
  CLI::Option_group* keys = restore->add_option_group("keys", "where the keys of the texts are");
  keys->add_option("--keys", a.keys, "folder of the backup of the keys");
  keys->add_flag("--without-keys", a.without_keys, "restore without: texts stay sealed for ever");
  keys->require_option(1);
  CLI::App* restore_keys =
      Add(&app, "restore-keys", "restore lost keys beside a log that is whole", restored);
  restore_keys->add_option("keys", a.keys, "folder of the backup of the keys")->required();
  for (CLI::App* sub : {restore, restore_keys})
    sub->add_option("--data", a.data, "data folder")->capture_default_str();
}

CommandLine::CommandLine() : parts_(std::make_unique<Parts>()) {
  parts_->Add(&parts_->app, "reference", "print docs/imdictl.md", [this] {
    PrintOut(Reference());
    return kExitOk;
  });
  parts_->infos.push_back({.words = "reference",
                           .synopsis = "reference",
                           .what = "print docs/imdictl.md",
                           .methods = {}});
}

CommandLine::~CommandLine() = default;

const std::vector<CommandInfo>& CommandLine::commands() const { return parts_->infos; }

int CommandLine::Run(int argc, char** argv) {
  Parts& p = *parts_;
  // Beside this program itself, however it was found: by PATH, by a link, from another folder.
  std::error_code unknown;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", unknown);
  p.a.program_folder = (unknown ? std::filesystem::path(argv[0]) : self).parent_path().string();
  try {
    p.app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return p.app.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  p.options.format = p.output == "json"  ? Format::kJson
                     : p.output == "csv" ? Format::kCsv
                                         : Format::kTable;
  if (p.run_offline) return Flushed(p.run_offline());
  Addresses& addresses = p.options.addresses;
  for (std::string* address : {&addresses.ingestion, &addresses.aggregation, &addresses.query}) {
    if (address->empty()) *address = p.internal;
  }
  Commands commands(p.options);
  return Flushed(p.run(commands));
}

std::string CommandLine::Reference() const {
  std::string text = R"(# imdictl

Made by `imdictl reference`; do not edit. A test compares the two. `imdictl COMMAND --help` says what each option means.

## Addresses

| option | variable | whom it reaches | when left out |
|---|---|---|---|
| `--server` | `IMDICTL_SERVER` | the public listener of ingestion: submissions, drafts, receipts | `127.0.0.1:50051` |
| `--internal` | `IMDICTL_INTERNAL` | the internal listener of services that share a process | `127.0.0.1:50052` |
| `--ingestion` | `IMDICTL_INGESTION` | the internal listener of ingestion: definitions, the log | `--internal` |
| `--aggregation` | `IMDICTL_AGGREGATION` | that of aggregation: candidates, folding | `--internal` |
| `--query` | `IMDICTL_QUERY` | that of query: figures, releases | `--internal` |

With one process two addresses do; with three, set `--server`, `--ingestion`, `--aggregation` and `--query`. An option
outweighs its variable. There is no file of addresses: a shell's profile holds the variables.

Figures are asked for with all that the log holds: the log is asked for its head first, and query waits until it has it.
Where ingestion does not answer, a note says so and the figures are as query has them; `--no-wait` asks for that.

## Output

Results go to standard output, notes, progress and errors to standard error.

| `-o` | what |
|---|---|
| `table` | for people, in the language of `--language`; may change from version to version |
| `json` | the answer itself as proto3 JSON with the field names of the contract: one document; a command that follows something prints one a line (NDJSON). Lists that are paged come whole. `apply`, `diff`, `validate`, `submit` and `check-answers`, which make many calls, print a report of their own. `restore` and `restore-keys` hand over to `imdi-allinone`, which stands beside `imdictl`, and print its words in every form |
| `csv` | RFC 4180, with a head: a row for each element of the answer's list, or one row. Columns follow from the contract: a field by its name, those of a message within it as `name.field`; numbers in full, unrounded, with a point; enum values by name; bytes in base64; a list within a row as JSON. An empty cell is an absent value: where a figure has no value, no number stands in its place, and `no_value.reason` says why |

`--traceparent` (`IMDICTL_TRACEPARENT`) takes a W3C traceparent, `00-<32 hex digits>-<16>-<2>`. Every call carries it: the
servers' log lines then have its `trace_id`, and so do the records that were made.

An error is one line, `imdictl: REASON: what is wrong and what to do`, and below it, where known: the fields or places, the
service and address that was asked, a remedy, and after how long to try again. A call that can be repeated is, until
`--timeout` is over (a submission until `--patience` is).

`status` asks each address once and needs no answer of all: what is away is shown as such. A service is away, does not
serve (draining, or its store takes nothing), has stopped (folding met a record that it cannot count), or is stale (what it
follows is not heard of); each of these is a line of `problems` and makes the exit code 9. *behind* is what a service lacks
of the log, in records, and in seconds between the commits of its last record and of the log's.

## Exit codes

| code | means |
|---|---|
)";
  for (const ExitCode& code : kExitCodes) {
    base::StrAppend(text, "| ", code.code, " | ", code.means, code.detail.empty() ? "" : ": ",
                    code.detail, " |\n");
  }
  text += R"(
## Commands

Every method of every service has a command; a test reads the contract and says which one lacks it.

| command | what it does | methods |
|---|---|---|
)";
  for (const CommandInfo& command : commands()) {
    std::string methods;
    for (const std::string& method : command.methods)
      base::StrAppend(methods, methods.empty() ? "" : ", ", method);
    base::StrAppend(text, "| `", command.synopsis, "` | ", command.what, " | ",
                    methods.empty() ? "none" : methods, " |\n");
  }
  return text;
}

}  // namespace imdi::cli
