include("${CMAKE_CURRENT_LIST_DIR}/annealTargets.cmake")
