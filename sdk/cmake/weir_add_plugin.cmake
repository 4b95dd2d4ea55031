# weir_add_plugin(NAME source... [LIBRARIES target...])
#   Builds lib<NAME>.so as a weir plugin: the one entry point is exported, everything else stays hidden, and no symbol or
#   relocation may keep the image in memory after dlclose (STB_GNU_UNIQUE, exported inline functions, static TLS).
function(weir_add_plugin name)
  # Of this file's folder, whoever calls from wherever.
  set(version_script "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/weir_plugin.map")
  cmake_parse_arguments(ARG "" "" "LIBRARIES" ${ARGN})
  add_library(${name} MODULE ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE weir::sdk ${ARG_LIBRARIES})
  set_target_properties(${name} PROPERTIES
    POSITION_INDEPENDENT_CODE ON
    C_VISIBILITY_PRESET hidden
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON
    LINK_DEPENDS "${version_script}")
  if(WEIR_PLUGIN_OUTPUT_DIR)
    set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${WEIR_PLUGIN_OUTPUT_DIR}")
  endif()
  target_compile_options(${name} PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-gnu-unique>)
  target_link_options(${name} PRIVATE
    "LINKER:--version-script=${version_script}" "LINKER:--exclude-libs,ALL" "LINKER:-Bsymbolic" "LINKER:-z,text"
    "LINKER:-z,defs" "LINKER:-z,relro" "LINKER:-z,now")
  # With sanitizers the runtime's symbols stay undefined in a module.
  if(WEIR_SANITIZE)
    target_link_options(${name} PRIVATE "LINKER:-z,undefs")
  endif()
endfunction()
