#pragma once
// A component: one operator, sink, decoder, encoder or source of a loaded plugin; what a pipeline names by `uses`.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "plugin/image.hpp"
#include "weir/abi.h"

namespace weir::plugin {

class component;
using component_ptr = std::shared_ptr<const component>;

/// Immutable, [any] thread. Keeps the image loaded: whoever may still call its functions holds the component (or the
/// image).
class component {
 public:
  const component_description& about() const { return *about_; }
  component_kind kind() const { return about_->kind; }
  const std::string& type() const { return about_->type; }  ///< "exposure"
  /// "risk.exposure", by the plugin's own name.
  std::string uses() const { return image_->about().name + "." + about_->type; }
  const std::vector<config::option>& options() const { return about_->options; }
  const image_ptr& image() const { return image_; }

  bool is_source() const { return source_ != nullptr; }
  /// The functions; the host's copy of the plugin's table, where a slot that the plugin does not have is null (test the
  /// pointer, no WEIR_HAS needed). Null for a source.
  const weir_operator* operation() const { return operation_; }
  /// Null for everything else.
  const weir_source* source() const { return source_; }

  /// All of an image, in its order.
  static std::vector<component_ptr> all_of(const image_ptr& image);
  /// By its type; the error names the nearest one.
  static base::result<component_ptr> find(const image_ptr& image, std::string_view type);
  /// The only one of a kind: what `format = "json"` means. An error when there is none, or more than one.
  static base::result<component_ptr> only(const image_ptr& image, component_kind kind);

 private:
  struct token {};

 public:
  component(token, image_ptr image, std::size_t index);

 private:
  image_ptr image_;
  const component_description* about_ = nullptr;
  const weir_operator* operation_ = nullptr;
  const weir_source* source_ = nullptr;
};

}  // namespace weir::plugin
