#include "operator/migrator.hpp"

#include <exception>
#include <utility>

#include "base/cat.hpp"
#include "base/crash.hpp"
#include "model/plugin_bytes.hpp"
#include "weir/ext/draft/migrate.h"

namespace weir::op {
namespace {

using base::cat;
using base::result;
using who_ref = std::shared_ptr<const migrating>;

/// All that the plugin may call from here.
const weir_host& narrow_table() {
  static const weir_host table = [] {
    weir_host t{};
    t.struct_size = sizeof t;
    t.abi_major = WEIR_ABI_MAJOR;
    t.abi_minor = WEIR_ABI_MINOR;
    t.append = model::append_bytes;
    return t;
  }();
  return table;
}

/// A call of the plugin: an exception that leaves it is its failure, a crash names it. What it said is in `out`.
template <class Call>
result<void> call(const migrating& who, const char* slot, weir_bytes& out, Call&& into_plugin) {
  const base::activity doing{who.plugin, who.version, who.id, who.pipeline};
  weir_code code = WEIR_E_PLUGIN;
  try {
    const base::in_plugin mark(doing);
    code = into_plugin();
  } catch (const std::exception& e) {
    out.text = cat("an exception left it across the C boundary: ", e.what());
  } catch (...) {
    out.text = "an exception left it across the C boundary: no std::exception";
  }
  if (code >= 0) return {};
  return base::plugin_error(out.text.empty() ? cat(slot, " returned code ", code, " without saying why") : out.text,
                            cat("plugin ", who.plugin, " ", who.version));
}

class migration final : public model::state_migration {
 public:
  migration(who_ref who, const weir_migrate& table, const model::state_change& c)
      : who_(std::move(who)), table_(table), name_(c.now.name) {
    const bool key = c.part == model::state_part::map_key;
    export_fields(key ? c.was.map_key : c.was.value, &stored_);
    export_fields(key ? c.now.map_key : c.now.value, &declared_);
    what_.struct_size = sizeof what_;
    what_.state = c.number;
    what_.name = name_.c_str();
    what_.part = key ? WEIR_MIGRATE_MAP_KEY : WEIR_MIGRATE_VALUE;
    what_.stored_kind = c.was.kind, what_.declared_kind = c.now.kind;
    what_.stored_size = c.was.value_size, what_.declared_size = c.now.value_size;
    what_.stored = &stored_, what_.declared = &declared_;
  }
  ~migration() override {
    stored_.release(&stored_);
    declared_.release(&declared_);
  }
  migration(const migration&) = delete;
  migration& operator=(const migration&) = delete;

  result<void> accepted() {
    weir_bytes why;
    return call(*who_, "accepts", why, [&] { return table_.accepts(&narrow_table(), who_->plan, &what_, &why); });
  }
  result<void> migrate(std::string_view stored, std::string& to) override {
    out_.text.clear();
    WEIR_TRY(call(*who_, "migrate", out_, [&] {
      return table_.migrate(&narrow_table(), who_->plan, &what_, {stored.data(), stored.size()}, &out_);
    }));
    to = out_.text;
    return {};
  }

 private:
  static void export_fields(const model::schema_ref& from, ArrowSchema* to) {
    model::export_schema(from ? *from : *model::schema::of({}), to);
  }
  who_ref who_;
  const weir_migrate& table_;
  std::string name_;
  ArrowSchema stored_{}, declared_{};
  weir_migration what_{};
  weir_bytes out_;
};

}  // namespace

model::state_migrations migrations_of(migrating told) {
  return [who = std::make_shared<const migrating>(std::move(told))](
             const model::state_change& c) -> result<std::unique_ptr<model::state_migration>> {
    if (!who->op || !WEIR_HAS(who->op, weir_operator, extension)) return std::unique_ptr<model::state_migration>();
    const weir_migrate* table = nullptr;
    weir_bytes none;
    WEIR_TRY(call(*who, "extension", none, [&]() -> weir_code {
      table = static_cast<const weir_migrate*>(who->op->extension(WEIR_EXT_MIGRATE));
      return WEIR_OK;
    }));
    if (!table || !WEIR_HAS(table, weir_migrate, accepts) || !WEIR_HAS(table, weir_migrate, migrate))
      return std::unique_ptr<model::state_migration>();
    auto made = std::make_unique<migration>(who, *table, c);
    WEIR_TRY(made->accepted());
    return std::unique_ptr<model::state_migration>(std::move(made));
  };
}

model::state_migrations migrations_of(const spec& what) {
  return migrations_of(migrating{what.op, what.plan, what.plugin, what.version, what.id, what.pipeline, what.keep});
}

}  // namespace weir::op
