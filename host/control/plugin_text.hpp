#pragma once
// What a plugin says of itself and what the gate says of it, as text and as JSON.
#include <string>

#include "plugin/description.hpp"
#include "plugin/verify.hpp"

namespace weir::control {

/// "source", "operator" ...; "kafka.source".
std::string uses_of(const plugin::description& of, const plugin::component_description& c);

/// Name, version, components, each option with type, default and sentence.
std::string describe_for_people(const plugin::description& of, const std::string& path, const std::string& sha256);
/// {"name":..,"version":..,"abi":..,"path":..,"sha256":..,"components":[{"uses":..,"kind":..,"options":[..]}]}, no
/// newline.
std::string describe_as_json(const plugin::description& of, const std::string& path, const std::string& sha256);

/// The findings, then the verdict.
std::string report_for_people(const plugin::report& of);
/// {"path":..,"ok":..,"outcome":..,"findings":[{"level":..,"code":..,"what":..}]}, no newline.
std::string report_as_json(const plugin::report& of);

}  // namespace weir::control
