# Program, library, header, model, man page, completions, documents, CMake package and pkg-config file; a component is a Debian package
# (packaging/debian.cmake), as far as it is one.
include(CMakePackageConfigHelpers)
install(TARGETS anneal COMPONENT runtime)
install(TARGETS libanneal EXPORT annealTargets LIBRARY COMPONENT runtime NAMELINK_COMPONENT dev
  PUBLIC_HEADER DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT dev)
install(FILES data/model/anneal-d128.anm DESTINATION ${CMAKE_INSTALL_DATADIR}/anneal COMPONENT runtime)
install(FILES ${CMAKE_BINARY_DIR}/share/anneal.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT runtime)
install(FILES ${CMAKE_BINARY_DIR}/share/anneal.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME anneal COMPONENT runtime)
install(FILES ${CMAKE_BINARY_DIR}/share/_anneal DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions COMPONENT runtime)
install(FILES LICENSE CHANGELOG.md CITATION.cff DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT runtime)
install(FILES tests/example.c DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples COMPONENT dev)
install(EXPORT annealTargets NAMESPACE anneal:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/anneal COMPONENT dev)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/annealConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES cmake/annealConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/annealConfigVersion.cmake DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/anneal COMPONENT dev)
# Relative to the .pc file, so that an install can be moved.
file(RELATIVE_PATH ANNEAL_PC_TO_PREFIX /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
configure_file(cmake/anneal.pc.in ${CMAKE_CURRENT_BINARY_DIR}/anneal.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/anneal.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT dev)
