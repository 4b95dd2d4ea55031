# weir_add_plugin(NAME source... [LIBRARIES target...])
#   Builds lib<NAME>.so as a weir plugin: the one entry point is exported, everything else stays hidden, and no symbol or
#   relocation may keep the image in memory after dlclose (STB_GNU_UNIQUE, exported inline functions, static TLS).
set(WEIR_PLUGIN_VERSION_SCRIPT "${CMAKE_CURRENT_LIST_DIR}/weir_plugin.map")
function(weir_add_plugin name)
  cmake_parse_arguments(ARG "" "" "LIBRARIES" ${ARGN})
  add_library(${name} MODULE ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE weir::sdk ${ARG_LIBRARIES})
  set_target_properties(${name} PROPERTIES
    POSITION_INDEPENDENT_CODE ON
    C_VISIBILITY_PRESET hidden
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON
    LINK_DEPENDS "${WEIR_PLUGIN_VERSION_SCRIPT}")
  if(WEIR_PLUGIN_OUTPUT_DIR)
    set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${WEIR_PLUGIN_OUTPUT_DIR}")
  endif()
  target_compile_options(${name} PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-gnu-unique>)
  target_link_options(${name} PRIVATE
    "LINKER:--version-script=${WEIR_PLUGIN_VERSION_SCRIPT}" "LINKER:--exclude-libs,ALL" "LINKER:-Bsymbolic" "LINKER:-z,text"
    "LINKER:-z,defs" "LINKER:-z,relro" "LINKER:-z,now")
  # With sanitizers the runtime's symbols stay undefined in a module.
  if(WEIR_SANITIZE)
    target_link_options(${name} PRIVATE "LINKER:-z,undefs")
  endif()
endfunction()
