# anneal_room(NAME [rooms it may use...]): a static library of the C files of this folder. Its headers are seen by the rooms that name it,
# and by nobody else: an include against the direction of CONTRIBUTING's map does not compile.
function(anneal_room name)
  file(GLOB sources CONFIGURE_DEPENDS *.c)
  add_library(anneal_${name} STATIC ${sources})
  target_include_directories(anneal_${name} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
  foreach(below ${ARGN})
    target_link_libraries(anneal_${name} PUBLIC anneal_${below})
  endforeach()
endfunction()
