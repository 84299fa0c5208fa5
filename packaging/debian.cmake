# What cpack -G DEB makes: anneal (program, library, model), libanneal-dev and, where the build has it, python3-anneal. docs/packages.md tells how.
set(here ${PROJECT_SOURCE_DIR}/packaging/debian)
set(made ${PROJECT_BINARY_DIR}/debian)
set(release 1)
set(full ${PROJECT_VERSION}-${release})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME anneal)
set(CPACK_PACKAGE_CONTACT "anneal authors <anneal@localhost.localdomain>") # whoever publishes says -D CPACK_PACKAGE_CONTACT='NAME <ADDRESS>'
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "sequence aligner: embeds, searches, aligns")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_COMPONENTS_ALL runtime dev)
if(TARGET anneal_python)
  list(APPEND CPACK_COMPONENTS_ALL python3)
endif()
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE ${release})
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(about "anneal aligns short and long sequencing reads to a reference genome: a small
transformer turns windows of the reference and reads into vectors of signed
bytes, a vector store proposes the nearest windows, and Smith-Waterman decides
and writes SAM, BAM, CRAM or PAF. The records are the same, byte for byte, for
any number of threads and on any processor.")

set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME anneal)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION science)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SUGGESTS samtools)
set(CPACK_COMPONENT_RUNTIME_DESCRIPTION "${about}")

set(CPACK_DEBIAN_DEV_PACKAGE_NAME libanneal-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "anneal (= ${full})")
set(CPACK_COMPONENT_DEV_DESCRIPTION "${about}\n\nHeader, CMake package, pkg-config file and an example of libanneal, its C\nlibrary.")

set(CPACK_DEBIAN_PYTHON3_PACKAGE_NAME python3-anneal)
set(CPACK_DEBIAN_PYTHON3_PACKAGE_SECTION python)
set(CPACK_DEBIAN_PYTHON3_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PYTHON3_PACKAGE_DEPENDS "anneal (= ${full}), python3 (>= 3.9), python3-numpy")
set(CPACK_COMPONENT_PYTHON3_DESCRIPTION "${about}\n\nThe Python package, with the names of mappy, and the embedding itself.")

# What packages of programs that use the library are to depend on, ldconfig; Python's byte code.
file(WRITE ${made}/shlibs "libanneal ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR} anneal (>= ${PROJECT_VERSION})\n")
file(WRITE ${made}/triggers "activate-noawait ldconfig\n")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA ${made}/shlibs ${made}/triggers)
set(CPACK_DEBIAN_PYTHON3_PACKAGE_CONTROL_EXTRA ${here}/postinst ${here}/prerm)

# What Debian's policy wants beside the files of an install is done by a script between staging and packing.
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
set(CPACK_PRE_BUILD_SCRIPTS ${made}/policy.cmake)
configure_file(${here}/policy.cmake.in ${made}/policy.cmake @ONLY)
include(CPack)
