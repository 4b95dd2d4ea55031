#pragma once
namespace weir::control {

/// Of the program, from the build: "0.1.0".
extern const char* const version_text;

}  // namespace weir::control
