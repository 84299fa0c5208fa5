# cmake -DANNEAL=PROGRAM -DEMULATOR=... "-DWHAT=man;TEMPLATE" -DOUT=FILE -P generate.cmake: FILE holds what the program prints of its options.
get_filename_component(folder ${OUT} DIRECTORY)
file(MAKE_DIRECTORY ${folder})
execute_process(COMMAND ${EMULATOR} ${ANNEAL} completions ${WHAT} OUTPUT_FILE ${OUT} RESULT_VARIABLE status)
if(status)
  file(REMOVE ${OUT})
  message(FATAL_ERROR "${ANNEAL} completions ${WHAT}: ${status}")
endif()
