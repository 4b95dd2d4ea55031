#include "malformed.hpp"

namespace weir::config {

std::vector<malformed> malformed_values() {
  return {
      {"a_watermark_without_its_bound",
       head + in_source + "watermark = { field = \"t\" }\n" + out_sink,
       {"6:13 \"watermark\" of [[source]] \"in\" needs \"out_of_orderness\", a duration like \"10s\", \"200ms\" or "
        "\"1h30m\": How much later than a newer record a record may come"}},
      {"a_duration_without_unit",
       head + in_source + "watermark = { out_of_orderness = 5 }\n" + out_sink,
       {"6:34 \"out_of_orderness\" of \"watermark\" of [[source]] \"in\" must be a duration like \"10s\", \"200ms\" or "
        "\"1h30m\", not the integer 5: say the unit, \"5s\" or \"5ms\""}},
      {"a_duration_with_a_space",
       head + in_source + "watermark = { out_of_orderness = \"5 s\" }\n" + out_sink,
       {"6:34 \"out_of_orderness\" of \"watermark\" of [[source]] \"in\" must be a duration like \"10s\", \"200ms\" or "
        "\"1h30m\", not the string \"5 s\""}},
      {"alignment_without_bound",
       head + in_source + "watermark = { out_of_orderness = \"5s\", align_group = \"g\" }\n" + out_sink,
       {"6:54 \"align_group\" of source \"in\" needs \"max_drift\": how far its splits may run ahead, for example "
        "\"30s\""}},
      {"checkpoint_values_out_of_range",
       head + "[checkpoint]\ninterval = \"1ms\"\nmode = \"exactly_once\"\nstorage = \"/var\"\n" + in_source + out_sink,
       {"4:12 \"interval\" of [checkpoint] must be at least 10ms, not the duration 1ms",
        "5:8 \"mode\" of [checkpoint] must be \"exactly-once\" or \"at-least-once\", not the string \"exactly_once\": "
        "did you mean \"exactly-once\"?",
        "6:11 \"storage\" must be a URL, not the string \"/var\": write for example "
        "\"file:///var/lib/weir/checkpoints\""}},
      {"a_table_that_is_a_text",
       std::string("checkpoint = \"10s\"\n") + head + in_source + out_sink,
       {"1:14 [checkpoint] must be a table { ... }, not the string \"10s\""}},
      {"a_restart_with_too_much_jitter",
       head + "[restart]\njitter = 2.0\ninitial_backoff = \"2m\"\n" + in_source + out_sink,
       {"4:10 \"jitter\" of [restart] must be at most 1, not the float 2",
        "5:19 \"initial_backoff\" (2m) must not be longer than \"max_backoff\" (1m)"}},
      {"limits_of_the_wrong_type",
       head + "[limits]\nqueue_bytes = \"1 GB\"\nbatch_rows = 1e3\n" + in_source + out_sink,
       {"4:15 \"queue_bytes\" of [limits] must be a size like \"64MiB\" or 4096, not the string \"1 GB\"",
        "5:14 \"batch_rows\" of [limits] must be an integer, not the float 1000"}},
      {"plugins_that_name_no_file",
       head + "plugin.a = 7\nplugin.\"B b\" = \"x.so\"\nplugin.c = { pth = \"x.so\" }\nplugin.d = \"kaf ka@1\"\n" +
           in_source + out_sink,
       {"3:12 plugin \"a\" must be a file name or a table { path = \"libx.so\" }, not the integer 7",
        "4:8 \"B b\" is no plugin name: use a-z 0-9 _ - and begin with a letter or digit",
        "5:14 unknown key \"pth\" in plugin \"c\"; did you mean \"path\"?",
        "6:12 \"kaf ka@1\" is neither a file (libx.so) nor a plugin to search for (x or x@1.2)"}},
      {"pins_and_versions_of_plugins",
       head +
           "plugin.a = { path = \"a.so\", sha256 = \"12\" }\nplugin.b = { path = \"b.so\", version = \"1\" }\nplugin.c "
           "= { version = \"new\" }\nplugin.d = { path = \"d.so\", abi = \"1\" }\n" +
           in_source + out_sink,
       {"3:38 \"sha256\" must be 64 hexadecimal digits, not 2 characters: print them with sha256sum FILE",
        "4:29 \"version\" is for searching by name, but \"path\" already says the file: remove one of them",
        "5:24 the string \"new\" is no version: write for example \"1.2\" or \"1.2.3\"",
        "6:35 the string \"1\" is no ABI version: write for example \"1.0\""}},
      {"a_format_without_type",
       head + in_source + "format = { schema = \"x\" }\n" + out_sink,
       {"6:10 \"format\" of source \"in\" needs \"type\": write { type = \"json\" }"}},
      {"a_config_that_is_no_table",
       head + in_source + "config = \"x\"\n" + out_sink,
       {"6:10 \"config\" of [[source]] \"in\" must be a table { ... }, not the string \"x\""}},
      {"an_old_name_that_is_in_use",
       head + in_source + "was = \"out\"\n" + out_sink,
       {"4:6 \"was\" of source \"in\" is the id of another node: only one of them can take over its state"}},
      {"references_to_the_environment",
       head + in_source + "config = { a = \"${env:NO}\", b = \"x${nope:y}\", c = \"${env:\", d = \"${env:1}\" }\n" +
           out_sink,
       {"6:17 the environment variable NO is not set: set it, or write ${env:NO:-default}",
        "6:35 ${nope...} is not known: write ${env:NAME}, ${env:NAME:-default}, ${file:PATH}, or $${ for a literal ${",
        "6:52 ${ is not closed: write ${env:NAME}, or $${ for a literal ${",
        "6:66 \"1\" is not a name of an environment variable: write ${env:NAME}"}},
      {"a_component_from_the_environment",
       head + replaced(in_source, "file.source", "${env:X}.source") + out_sink,
       {"5:9 ${...} is not allowed here: names of plugins, components and nodes choose code and state, so they are "
        "written out"}},
      {"a_missing_secret_file",
       head + in_source + "config = { password = \"${file:/run/nope}\" }\n" + out_sink,
       {"6:24 cannot open /run/nope: No such file or directory; check the path"}},
      {"several_mistakes_at_once",
       head + "a = 1\n" + replaced(in_source, "id", "idd") + replaced(out_sink, "uses", "use"),
       {"3:1 unknown key \"a\" in the pipeline; known are \"format\", \"name\", \"plugin\", \"parallelism\", "
        "\"max_parallelism\", \"trace\", \"deterministic\", \"deterministic_step\", \"checkpoint\", \"restart\", "
        "\"swap\", \"state\", \"limits\", \"dead_letters\", "
        "\"source\", \"operator\" or \"sink\"",
        "4:1 [[source]] number 1 needs \"id\", a string: Its name in metrics, logs and state; other nodes refer to it",
        "5:1 unknown key \"idd\" in [[source]] number 1; did you mean \"id\"?",
        "7:1 [[sink]] \"out\" needs \"uses\", a string: The component that does the work: \"plugin.component\"",
        "9:1 unknown key \"use\" in [[sink]] \"out\"; did you mean \"uses\"?"}},
      {"no_source_and_no_sink",
       head + operator_from("op", "[\"op2\"]"),
       {"0 the pipeline has no [[source]]: add where its records come from",
        "0 the pipeline has no [[sink]]: add where its records go",
        "6:9 no node has the id \"op2\"; did you mean \"op\"?"}},
      {"a_column_behind_wide_characters",
       head + in_source + "config = { \"\303\251\303\251\" = \"${x}\" }\n" + out_sink,
       {"6:20 ${x...} is not known: write ${env:NAME}, ${env:NAME:-default}, ${file:PATH}, or $${ for a literal ${"}},
      {"windows_line_ends",
       std::string("format = 1\015\nname = 7\015\n"),
       {"0 the pipeline has no [[source]]: add where its records come from",
        "0 the pipeline has no [[sink]]: add where its records go",
        "2:8 \"name\" of the pipeline must be a string, not the integer 7: put it in quotes"}},
  };
}

}  // namespace weir::config
