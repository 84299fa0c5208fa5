# Program, library, header, model, man page, CMake package and pkg-config file.
include(CMakePackageConfigHelpers)
install(TARGETS anneal)
install(TARGETS libanneal EXPORT annealTargets PUBLIC_HEADER DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES data/model/anneal-d128.anm DESTINATION ${CMAKE_INSTALL_DATADIR}/anneal)
install(FILES docs/anneal.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(EXPORT annealTargets NAMESPACE anneal:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/anneal)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/annealConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES cmake/annealConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/annealConfigVersion.cmake DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/anneal)
# Relative to the .pc file, so that an install can be moved.
file(RELATIVE_PATH ANNEAL_PC_TO_PREFIX /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
configure_file(cmake/anneal.pc.in ${CMAKE_CURRENT_BINARY_DIR}/anneal.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/anneal.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
