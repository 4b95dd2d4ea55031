# find_package(weir): weir::sdk, weir::testing, weir_add_plugin().
include("${CMAKE_CURRENT_LIST_DIR}/weirTargets.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/weir_add_plugin.cmake")
