#pragma once
// Pipelines of the probe plugin.
namespace weir::cli {

inline constexpr const char* good_pipeline = R"(format = 1
name = "probe"

[[source]]
id = "numbers"
uses = "probe.numbers"
config = { count = 1000 }

[[operator]]
id = "picky"
uses = "probe.picky"
from = ["numbers"]
config = { limit = 1.5, refuse = 7 }

[[sink]]
id = "sum"
uses = "probe.adder"
from = ["picky"]

[[sink]]
id = "bad"
uses = "probe.nowhere"
from = ["picky:dead_letter"]
)";

// Three mistakes in three places, and a secret that must not be shown.
inline constexpr const char* bad_pipeline = R"(format = 1
name = "probe"

[[source]]
id = "numbers"
uses = "probe.numbers"
config = { cuont = 1000, token = "hunter2" }

[[operator]]
id = "picky"
uses = "probe.pciky"
from = ["numbers"]

[[sink]]
id = "sum"
uses = "probe.adder"
from = ["numbers"]
exchange = { kind = "hash", key = "dsek" }
)";

// Stops at the first record that is refused.
inline constexpr const char* failing_pipeline = R"(format = 1
name = "probe"

[[source]]
id = "numbers"
uses = "probe.numbers"

[[operator]]
id = "picky"
uses = "probe.picky"
from = ["numbers"]
config = { limit = 1, refuse = 7 }
on_error = "fail"

[[sink]]
id = "sum"
uses = "probe.adder"
from = ["picky"]
)";

// Never ends by itself; the sink is slow and behind a queue, so that draining takes long.
inline constexpr const char* endless_pipeline = R"(format = 1
name = "probe"

[[source]]
id = "numbers"
uses = "probe.numbers"
config = { count = -1 }

[[sink]]
id = "sum"
uses = "probe.adder"
from = ["numbers"]
chain = false
)";

}  // namespace weir::cli
