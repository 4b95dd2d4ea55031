// The command line as a table: arguments, exit code, and what stdout and stderr hold.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipelines.hpp"
#include "program.hpp"

namespace weir::cli {
namespace {

struct row {
  std::string name;
  words arguments;  ///< {P}: the folder with the probe plugin; {T}: the folder with the pipelines
  int code;
  words out, err;                ///< each must be there
  words not_in_out, not_in_err;  ///< none may be there
};

void PrintTo(const row& r, std::ostream* to) { *to << r.name; }

class CommandLine : public testing::TestWithParam<row> {
 protected:
  void SetUp() override {
    files_.write("good.toml", good_pipeline);
    files_.write("bad.toml", bad_pipeline);
    files_.write("failing.toml", failing_pipeline);
    files_.write("garbage.toml", "format = = 1\n");
    files_.write("not.so", "this is no library");
    files_.write("taken/file", "");
    files_.write("env.toml", std::string(good_pipeline) + "[checkpoint]\nstorage = \"file:///${env:WEIR_NOT_SET}\"\n");
  }
  std::string filled(std::string text) const {
    const std::string p = WEIR_PROBE_DIR, t = files_.path();
    for (const auto& [what, with] : {std::pair{std::string("{P}"), p}, std::pair{std::string("{T}"), t}}) {
      for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
        text.replace(at, what.size(), with);
    }
    return text;
  }
  temporary_folder files_;
};

TEST_P(CommandLine, EndsAndSaysWhatTheTableSays) {
  auto r = GetParam();
  for (auto& a : r.arguments) a = filled(a);
  const auto got = weir(r.arguments);
  const auto shown = "stdout:\n" + got.out + "\nstderr:\n" + got.err;
  EXPECT_EQ(got.code, r.code) << shown;
  for (const auto& f : r.out)
    EXPECT_NE(got.out.find(filled(f)), std::string::npos) << "stdout lacks: " << filled(f) << "\n" << shown;
  for (const auto& f : r.err)
    EXPECT_NE(got.err.find(filled(f)), std::string::npos) << "stderr lacks: " << filled(f) << "\n" << shown;
  for (const auto& f : r.not_in_out)
    EXPECT_EQ(got.out.find(f), std::string::npos) << "stdout has: " << f << "\n" << shown;
  for (const auto& f : r.not_in_err)
    EXPECT_EQ(got.err.find(f), std::string::npos) << "stderr has: " << f << "\n" << shown;
  if (r.code != 0 && r.code != 1) {
    EXPECT_EQ(got.out, "") << "what failed has no data";
  }
  EXPECT_EQ(got.err.find('\x1b'), std::string::npos) << "no colours off a terminal";
}

const std::vector<row> rows = {
    // ---- help and usage
    {"HelpShowsCommandsExamplesAndExitCodes",
     {"--help"},
     0,
     {"Usage: weir COMMAND", "  run ", "Examples:", "Exit codes:", "  78  "},
     {},
     {},
     {}},
    {"NothingIsHelpOnStderr", {}, 64, {}, {"Usage: weir COMMAND"}, {}, {}},
    {"HelpOfACommand", {"help", "run"}, 0, {"Usage: weir run FILE", "--metrics-listen", "Examples:"}, {}, {}, {}},
    {"HelpOfASubcommand", {"plugin", "verify", "-h"}, 0, {"Usage: weir plugin verify FILE..."}, {}, {}, {}},
    {"Version", {"version"}, 0, {"weir ", "plugin ABI "}, {}, {}, {}},
    {"VersionFlag", {"--version"}, 0, {"weir "}, {}, {}, {}},
    {"VersionAsJson", {"version", "--json"}, 0, {"{\"weir\":\"", "\"abi\":\""}, {}, {}, {}},
    {"MistypedCommand",
     {"rum"},
     64,
     {},
     {"error: weir: unknown command \"rum\"; did you mean \"run\"?", "see `weir --help`"},
     {},
     {}},
    {"MistypedSubcommand", {"plugin", "lsit"}, 64, {}, {"unknown command \"lsit\"; did you mean \"list\"?"}, {}, {}},
    {"MistypedFlag",
     {"run", "{T}/good.toml", "--jsn"},
     64,
     {},
     {"unknown flag \"--jsn\"; did you mean \"--json\"?", "see `weir run --help`"},
     {},
     {}},
    {"MistypedChoice",
     {"graph", "{T}/good.toml", "--format", "sgv"},
     64,
     {},
     {"\"sgv\" is not \"text\", \"dot\" or \"svg\"; did you mean \"svg\"?"},
     {},
     {}},
    {"NoCommandOfAGroup", {"plugin"}, 64, {}, {"which command? There are \"list\""}, {}, {}},
    {"NoFile", {"run"}, 64, {}, {"FILE is required"}, {}, {}},
    {"TwoFiles", {"run", "a", "b"}, 64, {}, {"unexpected argument \"b\""}, {}, {}},
    {"FlagWithoutValue", {"run", "a", "--set"}, 64, {}, {"--set"}, {}, {}},
    {"BadMetricsAddress",
     {"run", "{T}/good.toml", "--plugin-dir", "{P}", "--metrics-listen", "localhost:80"},
     64,
     {},
     {"is not a numeric address"},
     {},
     {}},

    // ---- check
    {"CheckOfAGoodPipeline",
     {"check", "{T}/good.toml", "--plugin-dir", "{P}"},
     0,
     {"{T}/good.toml: ok, 4 nodes in 1 chain"},
     {},
     {},
     {}},
    {"CheckReportsEverythingWithPlaces",
     {"check", "{T}/bad.toml", "--plugin-dir", "{P}"},
     1,
     {},
     {"{T}/bad.toml:7:12: error: ", "did you mean \"count\"?", "{T}/bad.toml:11:8: error: ", "did you mean \"picky\"?",
      "2 errors"},
     {"ok"},
     {"hunter2"}},
    {"CheckOfSeveralFiles",
     {"check", "{T}/good.toml", "{T}/garbage.toml", "--plugin-dir", "{P}"},
     1,
     {"good.toml: ok"},
     {"garbage.toml:1:"},
     {},
     {}},
    {"CheckAsJson",
     {"check", "{T}/bad.toml", "--plugin-dir", "{P}", "--json"},
     1,
     {"\"line\":7", "\"column\":12", "{\"files\":1,\"errors\":2,\"warnings\":0,\"ok\":false}\n"},
     {},
     {"hunter2"},
     {}},
    {"CheckOfAMissingFile", {"check", "{T}/none.toml"}, 1, {}, {"none.toml"}, {}, {}},
    {"CheckWithoutThePlugin",
     {"check", "{T}/good.toml"},
     1,
     {},
     {"there is no plugin \"probe\"", "--plugin-dir"},
     {},
     {}},
    {"CheckNeedsTheEnvironment", {"check", "{T}/env.toml", "--plugin-dir", "{P}"}, 1, {}, {"WEIR_NOT_SET"}, {}, {}},
    {"CheckWithoutTheEnvironment",
     {"check", "{T}/env.toml", "--plugin-dir", "{P}", "--no-environment"},
     0,
     {": ok"},
     {},
     {},
     {}},
    {"CheckOfASetValue",
     {"check", "{T}/good.toml", "--plugin-dir", "{P}", "--set", "numbers.count=many"},
     1,
     {},
     {"count"},
     {},
     {}},
    {"CheckOfASetOfNothing",
     {"check", "{T}/good.toml", "--plugin-dir", "{P}", "--set", "nmbers.count=1"},
     1,
     {},
     {"nmbers", "did you mean"},
     {},
     {}},

    // ---- graph
    {"GraphAsText",
     {"graph", "{T}/good.toml", "--plugin-dir", "{P}"},
     0,
     {"numbers  source  probe.numbers", "-> picky", "dead_letter"},
     {},
     {},
     {}},
    {"GraphWithSchemas",
     {"graph", "{T}/good.toml", "--plugin-dir", "{P}", "--schemas"},
     0,
     {"    desk: utf8"},
     {},
     {},
     {}},
    {"GraphAsDot",
     {"graph", "{T}/good.toml", "--plugin-dir", "{P}", "--format", "dot"},
     0,
     {"digraph \"probe\" {"},
     {},
     {},
     {}},
    {"GraphAsSvg",
     {"graph", "{T}/good.toml", "--plugin-dir", "{P}", "--format", "svg"},
     0,
     {"<svg ", "</svg>"},
     {},
     {},
     {}},
    {"GraphOfABadPipeline",
     {"graph", "{T}/bad.toml", "--plugin-dir", "{P}"},
     78,
     {},
     {"bad.toml:7:12: error: "},
     {},
     {}},
    {"GraphIntoNowhere",
     {"graph", "{T}/good.toml", "--plugin-dir", "{P}", "-o", "{T}/no/such/folder/x"},
     73,
     {},
     {"--output: "},
     {},
     {}},

    // ---- run
    {"RunToTheEnd",
     {"run", "{T}/good.toml", "--plugin-dir", "{P}"},
     0,
     {"probe: finished", "records in               1,000", "dead letters                 1",
      "sink sum: 999 rows, sum 499493"},
     {"id 7 is refused"},
     {},
     {}},
    {"RunAsJson",
     {"run", "{T}/good.toml", "--plugin-dir", "{P}", "--json", "--set", "numbers.count=100", "--set",
      "picky.refuse=-1"},
     0,
     {"{\"pipeline\":\"probe\",\"state\":\"finished\",\"records_in\":100,\"records_out\":100,\"late\":0,\"dead_"
      "letters\":0,",
      "\"wall_seconds\":", "\"cpu_seconds\":", "\"rss_bytes\":",
      "\"sinks\":{\"sum\":{\"rows\":100,\"sum\":\"4950\"},\"bad\":{\"rows\":0}}}\n"},
     {},
     {},
     {}},
    {"RunOfABadPipeline",
     {"run", "{T}/bad.toml", "--plugin-dir", "{P}"},
     78,
     {},
     {"bad.toml:7:12: error: "},
     {},
     {"hunter2"}},
    {"RunOfAMissingFile", {"run", "{T}/none.toml"}, 78, {}, {"none.toml"}, {}, {}},
    {"RunWithABadLevel", {"run", "{T}/good.toml", "--log-level", "loud"}, 64, {}, {"--log-level"}, {}, {}},

    // ---- plugins
    {"PluginList",
     {"plugin", "list", "--plugin-dir", "{P}"},
     0,
     {"probe 1.2.3", "source  probe.numbers", "sink  probe.adder"},
     {},
     {},
     {}},
    {"PluginListAsJson",
     {"plugin", "list", "--plugin-dir", "{P}", "--json"},
     0,
     {"{\"plugins\":[{", "\"uses\":\"probe.numbers\""},
     {},
     {},
     {}},
    {"PluginInspect",
     {"plugin", "inspect", "probe", "--plugin-dir", "{P}"},
     0,
     {"probe 1.2.3", "limit  float, required", "one | many, default \"one\"", "token  string, secret"},
     {},
     {},
     {}},
    {"PluginInspectByVersion",
     {"plugin", "inspect", "probe@1.2", "--plugin-dir", "{P}"},
     0,
     {"probe 1.2.3"},
     {},
     {},
     {}},
    {"PluginInspectByPath",
     {"plugin", "inspect", "{P}/libweir_probe.so", "--json"},
     0,
     {"\"name\":\"limit\",\"type\":\"float\"", "\"required\":true"},
     {},
     {},
     {}},
    {"PluginInspectOfNone",
     {"plugin", "inspect", "prob", "--plugin-dir", "{P}"},
     78,
     {},
     {"prob", "did you mean \"probe\"?"},
     {},
     {}},
    {"PluginVerify", {"plugin", "verify", "{P}/libweir_probe.so"}, 0, {": ok, probe 1.2.3, 4 components"}, {}, {}, {}},
    {"PluginVerifyOfGarbage",
     {"plugin", "verify", "{T}/not.so", "{P}/libweir_probe.so"},
     1,
     {"not.so: refused", "libweir_probe.so: ok"},
     {},
     {},
     {}},
    {"PluginVerifyAsJson",
     {"plugin", "verify", "{T}/not.so", "--json"},
     1,
     {"\"ok\":false", "\"findings\":[{\"level\":\"refusal\""},
     {},
     {},
     {}},

    // ---- schema, completion, new
    {"Schema", {"schema", "--plugin-dir", "{P}"}, 0, {"\"$schema\"", "probe.numbers", "\"refuse\""}, {}, {}, {}},
    {"CompletionOfAnUnknownShell",
     {"completion", "tcsh"},
     64,
     {},
     {"\"tcsh\" is not \"bash\", \"zsh\" or \"fish\""},
     {},
     {}},
    {"NewWithABadName", {"new", "operator", "Fraud Score"}, 64, {}, {"is not a plugin's name"}, {}, {}},
    {"NewWithAWordOfCpp", {"new", "operator", "class"}, 64, {}, {"is a word of C++"}, {}, {}},
    {"NewIntoAFullFolder",
     {"new", "operator", "fraud", "--dir", "{T}", "--template", "{T}/taken"},
     73,
     {},
     {"not empty"},
     {},
     {}},
    {"NewWithoutATemplate",
     {"new", "operator", "fraud", "--dir", "{T}/fraud", "--template", "{T}/none"},
     73,
     {},
     {"{T}/none"},
     {},
     {}},
};

INSTANTIATE_TEST_SUITE_P(Weir, CommandLine, testing::ValuesIn(rows), [](const auto& of) { return of.param.name; });

}  // namespace
}  // namespace weir::cli
