#include "plugin/bind.hpp"

#include <cstring>
#include <exception>

#include "base/cat.hpp"
#include "base/check.hpp"
#include "base/crash.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "plugin/bind_state.hpp"

namespace weir::plugin {
namespace {

using base::cat;

class bound final : public binding {
 public:
  bound(component_ptr what, config::value config, std::vector<bind_input> inputs, const config::location& at,
        const cut_facts& cuts) {
    component_ = std::move(what);
    config_ = std::move(config);
    inputs_ = std::move(inputs);
    state_.component = component_;
    state_.config = &config_;
    state_.inputs = &inputs_;
    state_.at = at;
    state_.cuts = cuts;
    state_.schemas.resize(inputs_.size());
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      WEIR_CHECK(inputs_[i].schema, "input ", i, " of ", component_->uses(), " without a schema");
      model::export_schema(*inputs_[i].schema, &state_.schemas[i]);
    }
  }

  ~bound() override {
    const auto unbind = component_->is_source() ? component_->source()->unbind : component_->operation()->unbind;
    if (!plan_ || !unbind) return;
    try {
      unbind(plan_);
    } catch (...) {
      base::logger({.room = "plugin",
                    .plugin = component_->image()->about().name,
                    .version = component_->image()->about().version})
          .error("unbind() threw an exception; its plan may be leaked: report it to the plugin's authors");
    }
  }

  /// Calls the plugin; true when it is bound.
  bool run(const weir_host& host, config::diagnostics& problems) {
    state_.problems = &problems;
    const bool done = call(host);
    state_.problems = nullptr;
    outputs_ = std::move(state_.outputs);
    states_ = std::move(state_.states);
    timers_ = std::move(state_.timers);
    return done;
  }

 private:
  bool call(const weir_host& host) {
    const auto function = component_->is_source() ? component_->source()->bind : component_->operation()->bind;
    weir_code code = WEIR_E_PLUGIN;
    const description& about = component_->image()->about();
    const std::string uses = component_->uses();
    const base::activity doing{
        .plugin = about.name, .version = about.version, .operator_id = uses, .what = base::activity::kind::binding};
    try {
      const base::in_plugin here(doing);
      code = function(&host, &state_, &plan_);
    } catch (const std::exception& thrown) {
      state_.broke_contract(cat("an exception left its bind(): ", base::printable(thrown.what(), 1000)));
    } catch (...) {
      state_.broke_contract("an exception that is no std::exception left its bind()");
    }
    if (code != WEIR_OK) plan_ = nullptr;  // a bind() that failed keeps nothing for unbind()
    if (state_.errors != 0) return false;
    if (code == WEIR_OK) return check_outputs();
    if (code > 0) {
      state_.broke_contract(cat("its bind() returned ", code, ", which is no answer of bind"));
    } else {
      state_.problems->error(state_.at, cat(component_->uses(), ": its bind() failed with ", code_text(code),
                                            " and did not say why; look into the plugin's log or its documentation"));
    }
    return false;
  }

  bool check_outputs() {
    const bool needs = component_->kind() != component_kind::sink;
    if (!needs || !state_.outputs.empty()) return true;
    state_.broke_contract("its bind() declared no output: call bind_output, or make it a sink");
    return false;
  }

  static std::string code_text(weir_code code) {
    switch (code) {
      case WEIR_E_CONFIG:
        return "a configuration error";
      case WEIR_E_SCHEMA:
        return "a schema error";
      case WEIR_E_EXTERNAL:
        return "an error of a system outside";
      case WEIR_E_UNSUPPORTED:
        return "something that is not supported";
      case WEIR_E_PLUGIN:
        return "an error of its own";
      case WEIR_E_MEMORY:
        return "too little memory";
      default:
        return cat("code ", code);
    }
  }

  weir_bind state_;
};

/// Slots of running subtasks, for a table that has none: a plugin that calls one inside bind() gets an answer, not a
/// crash.
template <class Result, class... Arguments>
void refuse(Result (*&slot)(Arguments...)) {
  slot = [](Arguments...) -> Result {
    if constexpr (std::is_same_v<Result, weir_code>)
      return WEIR_E_CONTRACT;
    else if constexpr (!std::is_void_v<Result>)
      return Result{};
  };
}

weir_host make_bind_host() {
  weir_host host{};
  host.struct_size = sizeof host;
  host.abi_major = WEIR_ABI_MAJOR;
  host.abi_minor = WEIR_ABI_MINOR;
  host.extension = bind_extension;
  fill_bind_slots(host);
  refuse(host.info), refuse(host.log), refuse(host.now), refuse(host.watermark), refuse(host.port_connected);
  refuse(host.fail), refuse(host.dead_letter);
  refuse(host.build), refuse(host.build_beside), refuse(host.grow), refuse(host.grow_column), refuse(host.grow_data);
  refuse(host.column_validity), refuse(host.emit), refuse(host.discard), refuse(host.row_buffer),
      refuse(host.emit_rows);
  refuse(host.emit_array);
  refuse(host.source_number), refuse(host.source_name);
  refuse(host.add_split), refuse(host.discover_error), refuse(host.discover_again), refuse(host.split_idle),
      refuse(host.split_end);
  refuse(host.split_pending), refuse(host.append);
  return host;
}

}  // namespace

binding_ptr bind(component_ptr what, config::value config, std::vector<bind_input> inputs, const config::location& at,
                 const weir_host& host, config::diagnostics& problems, const cut_facts& cuts) {
  auto made = std::make_shared<bound>(std::move(what), std::move(config), std::move(inputs), at, cuts);
  if (!made->run(host, problems)) return nullptr;
  return made;
}

binding_ptr bind(component_ptr what, config::value config, std::vector<bind_input> inputs, const config::location& at,
                 config::diagnostics& problems) {
  return bind(std::move(what), std::move(config), std::move(inputs), at, bind_host(), problems);
}

const weir_host& asking_bind_host() {
  static const weir_host host = [] {
    weir_host made = make_bind_host();
    made.extension = [](const char* id) -> const void* {
      return id && std::strcmp(id, WEIR_EXT_OUTSIDE) == 0 ? &outside_table() : bind_extension(id);
    };
    return made;
  }();
  return host;
}

const weir_host& bind_host() {
  static const weir_host host = make_bind_host();
  return host;
}

}  // namespace weir::plugin
