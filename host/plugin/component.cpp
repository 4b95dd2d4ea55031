#include "plugin/component.hpp"

#include "base/cat.hpp"
#include "base/check.hpp"
#include "base/text.hpp"

namespace weir::plugin {

using base::cat;
using base::result;

component::component(token, image_ptr image, std::size_t index) : image_(std::move(image)) {
  const component_tables& tables = image_->tables();
  about_ = &image_->about().components.at(index);
  if (index < tables.operators.size())
    operation_ = &tables.operators[index];
  else
    source_ = &tables.sources.at(index - tables.operators.size());
  WEIR_CHECK((about_->kind == component_kind::source) == (source_ != nullptr), "tables of ", about_->type);
}

std::vector<component_ptr> component::all_of(const image_ptr& image) {
  std::vector<component_ptr> all;
  for (std::size_t i = 0; i < image->about().components.size(); ++i)
    all.push_back(std::make_shared<const component>(token{}, image, i));
  return all;
}

result<component_ptr> component::find(const image_ptr& image, std::string_view type) {
  const auto& components = image->about().components;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < components.size(); ++i) {
    if (components[i].type == type) return std::make_shared<const component>(token{}, image, i);
    names.push_back(components[i].type);
  }
  return base::config_error(cat("plugin ", image->title(), " has no component ", base::quoted(type, 80),
                                base::did_you_mean(type, names), "; it has ", base::one_of(names)));
}

result<component_ptr> component::only(const image_ptr& image, component_kind kind) {
  component_ptr found;
  std::vector<std::string> names;
  for (const component_ptr& one : all_of(image)) {
    if (one->kind() != kind) continue;
    names.push_back(one->uses());
    found = one;
  }
  if (names.size() == 1) return found;
  if (names.empty())
    return base::config_error(cat("plugin ", image->title(), " has no ", name_of(kind), "; weir plugin inspect ",
                                  image->about().name, " shows what it has"));
  return base::config_error(
      cat("plugin ", image->title(), " has more than one ", name_of(kind), ": name one of ", base::one_of(names)));
}

}  // namespace weir::plugin
