# SPDX-License-Identifier: GPL-3.0-or-later
# How every target of the project is made: flags, libraries, tests. Sources are always listed.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release)
endif()
# One folder for programs and one for libraries, as they are installed, so that programs find what they load at run time.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib/molspace)
set(CMAKE_INSTALL_RPATH "$ORIGIN;$ORIGIN/../lib/molspace")

find_program(MOLSPACE_MOLD mold)
if(MOLSPACE_MOLD)
    add_link_options(-fuse-ld=mold)
endif()

add_library(molspace_flags INTERFACE)
# x86-64-v3 (AVX2, FMA, F16C) is the oldest processor supported; hot loops carry AVX-512 clones of their own.
target_compile_options(molspace_flags INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wno-missing-field-initializers>
    # GCC 12 warns of overlaps that cannot be, inside std::string operator+ (its bug 105329).
    $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CXX_COMPILER_ID:GNU>>:-Wno-restrict>
    $<$<COMPILE_LANGUAGE:CXX>:-march=x86-64-v3 -ffp-contract=off -fno-math-errno>)
if(MOLSPACE_WERROR)
    target_compile_options(molspace_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Werror>)
endif()
if(MOLSPACE_SANITIZE)
    target_compile_options(molspace_flags INTERFACE
        $<$<COMPILE_LANGUAGE:CXX>:-fsanitize=${MOLSPACE_SANITIZE} -fno-omit-frame-pointer>)
    target_link_options(molspace_flags INTERFACE -fsanitize=${MOLSPACE_SANITIZE})
endif()

# engine_library(<folder> SOURCES ... [USES <folders>] [LINK <private targets>])
# One shared library for each folder of the first group: a folder can use only those it names.
function(engine_library name)
    cmake_parse_arguments(ARG "" "" "SOURCES;USES;LINK" ${ARGN})
    set(target molspace_${name})
    add_library(${target} SHARED ${ARG_SOURCES})
    add_library(engine::${name} ALIAS ${target})
    target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR})
    if(NOT MOLSPACE_SANITIZE)  # sanitizers' symbols come with the program
        target_link_options(${target} PRIVATE -Wl,--no-undefined)
    endif()
    foreach(used ${ARG_USES})
        target_link_libraries(${target} PUBLIC engine::${used})
    endforeach()
    target_link_libraries(${target} PRIVATE molspace_flags ${ARG_LINK})
    set_property(GLOBAL APPEND PROPERTY MOLSPACE_INSTALLED ${target})
endfunction()

# engine_reactor_part(<folder> SOURCES ...)
# A folder of the second group: it may use LibTorch, and is linked into the one library that is loaded at first use.
function(engine_reactor_part name)
    cmake_parse_arguments(ARG "" "" "SOURCES" ${ARGN})
    set(target molspace_${name})
    add_library(${target} OBJECT ${ARG_SOURCES})
    add_library(engine::${name} ALIAS ${target})
    target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR})
    target_link_libraries(${target} PUBLIC torch_libs engine::recipe engine::eval OpenMP::OpenMP_CXX PRIVATE molspace_flags)
    # GCC 12 sees uninitialised strings in temporaries that were moved from (its bug 105562); deprecations are LibTorch's.
    target_compile_options(${target} PRIVATE -Wno-deprecated-declarations -Wno-maybe-uninitialized)
endfunction()

# engine_test(<name> SOURCES ... USES <folders> [LINK <targets>] [LABELS ...] [TIMEOUT seconds])
# Every test program uses GoogleTest with the project's own main (tests/support/main.cpp).
function(engine_test name)
    cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;USES;LINK;LABELS" ${ARGN})
    add_executable(${name} ${ARG_SOURCES})
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
    target_link_libraries(${name} PRIVATE molspace_flags test_support ${ARG_LINK})
    foreach(used ${ARG_USES})
        target_link_libraries(${name} PRIVATE engine::${used})
    endforeach()
    if(NOT ARG_TIMEOUT)
        set(ARG_TIMEOUT 600)
    endif()
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT}
        SKIP_REGULAR_EXPRESSION "\\[  SKIPPED \\] 0 tests")
endfunction()

# Where packaging/setup.sh puts LibTorch and the Python beside it.
function(molspace_cache_folder out)
    set(cache $ENV{XDG_CACHE_HOME})
    if(NOT cache)
        set(cache $ENV{HOME}/.cache)
    endif()
    file(SHA256 ${PROJECT_SOURCE_DIR}/packaging/python.lock lock)
    string(SUBSTRING ${lock} 0 12 lock)
    set(${out} ${cache}/molspace-studio/python-${lock} PARENT_SCOPE)
endfunction()

# LibTorch from the wheel or from Torch_DIR, as plain imported targets: its own CMake package stops where no CUDA
# toolkit is installed, although the library itself needs none.
function(molspace_find_torch)
    if(DEFINED ENV{Torch_DIR} AND NOT Torch_DIR)
        set(Torch_DIR $ENV{Torch_DIR})
    endif()
    if(NOT Torch_DIR)
        molspace_cache_folder(python)
        file(GLOB Torch_DIR ${python}/lib/python3*/site-packages/torch/share/cmake/Torch)
    endif()
    if(NOT Torch_DIR)
        message(FATAL_ERROR "LibTorch was not found. Run packaging/setup.sh, or set Torch_DIR to the folder of "
                            "TorchConfig.cmake, or configure with -DMOLSPACE_REACTOR=OFF.")
    endif()
    get_filename_component(root ${Torch_DIR}/../../.. ABSOLUTE)
    set(MOLSPACE_TORCH_ROOT ${root} PARENT_SCOPE)
    add_library(torch_libs INTERFACE)
    target_include_directories(torch_libs SYSTEM INTERFACE
        ${root}/include ${root}/include/torch/csrc/api/include)
    # By name, not by path: CMake would warn that LibTorch's libgomp hides the system's, which is what is wanted.
    target_link_options(torch_libs INTERFACE -L${root}/lib -Wl,-rpath,${root}/lib)
    target_link_libraries(torch_libs INTERFACE -ltorch_cpu -lc10)
    set(MOLSPACE_CUDA_STATE "off: this LibTorch was built without it" PARENT_SCOPE)
    if(EXISTS ${root}/lib/libtorch_cuda.so)
        set(MOLSPACE_CUDA_STATE "through LibTorch, used where a GPU is found" PARENT_SCOPE)
        # Only registrations live there; without this the linker drops it and no GPU is ever seen.
        target_link_libraries(torch_libs INTERFACE
            -Wl,--no-as-needed -ltorch_cuda -ltorch -lc10_cuda -Wl,--as-needed)
    endif()
endfunction()

function(molspace_print_features)
    message(STATUS "molspace ${PROJECT_VERSION}:")
    message(STATUS "  reactor (LibTorch)  ${MOLSPACE_REACTOR} ${MOLSPACE_TORCH_ROOT}")
    message(STATUS "  CUDA                ${MOLSPACE_CUDA_STATE}")
    message(STATUS "  studio (Qt 6)       ${MOLSPACE_GUI}")
    message(STATUS "  tests               ${MOLSPACE_TESTS}")
endfunction()
