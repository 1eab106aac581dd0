# SPDX-License-Identifier: GPL-3.0-or-later
# How every target of the project is made: flags, libraries, tests. Sources are always listed.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CUDA_STANDARD 17)  # CMake 3.25 knows no later one
set(CMAKE_CUDA_STANDARD_REQUIRED ON)
set(CMAKE_CUDA_EXTENSIONS OFF)
# Before anything looks for CUDA. Machine code for the GPUs in use (Turing, Ampere, Ada, Hopper, Blackwell), and PTX of
# the newest, which drivers compile for later ones.
if(NOT CMAKE_CUDA_ARCHITECTURES)
    set(CMAKE_CUDA_ARCHITECTURES 75-real 80-real 86-real 89-real 90-real 100-real 120)
endif()
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
# No -use_fast_math: exponentials and logarithms are what the kernels are about.
target_compile_options(molspace_flags INTERFACE $<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-Wall,-Wextra,-Wshadow>)
if(MOLSPACE_WERROR)
    target_compile_options(molspace_flags INTERFACE
        $<$<COMPILE_LANGUAGE:CXX>:-Werror> $<$<COMPILE_LANGUAGE:CUDA>:--Werror=all-warnings>)
endif()
if(MOLSPACE_SANITIZE)
    # GCC's own manual: with sanitizers this warning is often wrong.
    target_compile_options(molspace_flags INTERFACE
        $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CXX_COMPILER_ID:GNU>>:-Wno-maybe-uninitialized>)
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

# engine_kernels(<name> SOURCES ...)
# CUDA kernels, without LibTorch, for a library that is loaded at first use. The CUDA runtime is linked statically, so that
# programs start where there is no CUDA; it is hidden, so that LibTorch's own one is not replaced by it.
function(engine_kernels name)
    cmake_parse_arguments(ARG "" "" "SOURCES" ${ARGN})
    set(target molspace_${name})
    add_library(${target} STATIC ${ARG_SOURCES})
    add_library(engine::${name} ALIAS ${target})
    set_target_properties(${target} PROPERTIES CUDA_RUNTIME_LIBRARY Static CUDA_VISIBILITY_PRESET hidden)
    target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR})
    target_link_libraries(${target} PRIVATE molspace_flags)
    target_link_options(${target} INTERFACE -Wl,--exclude-libs,libcudart_static.a)
endfunction()

# engine_test(<name> SOURCES ... USES <folders> [LINK <targets>] [LABELS ...] [TIMEOUT seconds] [GPU])
# Every test program uses GoogleTest with the project's own main (tests/support/main.cpp), which ends with 77 where all
# of its tests skip. GPU: its tests with Gpu in their
# names are a test of their own with the label gpu, skipped where there is no GPU.
function(engine_test name)
    cmake_parse_arguments(ARG "GPU" "TIMEOUT" "SOURCES;USES;LINK;LABELS" ${ARGN})
    add_executable(${name} ${ARG_SOURCES})
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
    target_link_libraries(${name} PRIVATE molspace_flags test_support ${ARG_LINK})
    foreach(used ${ARG_USES})
        target_link_libraries(${name} PRIVATE engine::${used})
    endforeach()
    if(NOT ARG_TIMEOUT)
        set(ARG_TIMEOUT 600)
    endif()
    if(ARG_GPU)
        add_test(NAME ${name} COMMAND ${name} --gtest_filter=-*Gpu*)
        add_test(NAME ${name}_gpu COMMAND ${name} --gtest_filter=*Gpu*)
        set_tests_properties(${name}_gpu PROPERTIES LABELS gpu TIMEOUT ${ARG_TIMEOUT} RUN_SERIAL TRUE SKIP_RETURN_CODE 77)
    else()
        add_test(NAME ${name} COMMAND ${name})
    endif()
    set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT} SKIP_RETURN_CODE 77)
endfunction()

# Where packaging/setup.sh puts what a lock file names: python (LibTorch too), tests or cuda.
function(molspace_cache_folder out name)
    set(cache $ENV{XDG_CACHE_HOME})
    if(NOT cache)
        set(cache $ENV{HOME}/.cache)
    endif()
    file(SHA256 ${PROJECT_SOURCE_DIR}/packaging/${name}.lock lock)
    string(SUBSTRING ${lock} 0 12 lock)
    set(${out} ${cache}/molspace-studio/${name}-${lock} PARENT_SCOPE)
endfunction()

# LibTorch from the wheel or from Torch_DIR, as plain imported targets: its own CMake package stops where no CUDA
# toolkit is installed, although the library itself needs none.
function(molspace_find_torch)
    if(DEFINED ENV{Torch_DIR} AND NOT Torch_DIR)
        set(Torch_DIR $ENV{Torch_DIR})
    endif()
    if(NOT Torch_DIR)
        molspace_cache_folder(python python)
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
    set(MOLSPACE_TORCH_CUDA OFF PARENT_SCOPE)
    if(EXISTS ${root}/lib/libtorch_cuda.so)
        set(MOLSPACE_TORCH_CUDA ON PARENT_SCOPE)
        # Only registrations live there; without this the linker drops it and no GPU is ever seen.
        target_link_libraries(torch_libs INTERFACE
            -Wl,--no-as-needed -ltorch_cuda -ltorch -lc10_cuda -Wl,--as-needed)
    endif()
endfunction()

# The nvcc of a CUDA toolkit 13, or a reason why there is none. The same places in the same order as in
# packaging/setup.sh, and what that installs last.
function(molspace_find_nvcc nvcc reason)
    set(${nvcc} "" PARENT_SCOPE)
    if(CMAKE_CUDA_COMPILER)  # of an earlier run: a build folder keeps its compilers
        set(places ${CMAKE_CUDA_COMPILER})
    else()
        molspace_cache_folder(cuda cuda)
        find_program(on_path nvcc NO_CACHE PATHS ENV PATH NO_DEFAULT_PATH)
        set(places $ENV{CUDACXX} $ENV{CUDA_HOME}/bin/nvcc ${on_path} /usr/local/cuda/bin/nvcc ${cuda}/toolkit/bin/nvcc)
    endif()
    set(why "no CUDA toolkit 13 was found (packaging/setup.sh installs one)")
    foreach(place ${places})
        execute_process(COMMAND ${place} --version RESULT_VARIABLE result OUTPUT_VARIABLE said ERROR_QUIET)
        if(result EQUAL 0 AND said MATCHES "release ([0-9]+)\\.([0-9]+)")
            if(CMAKE_MATCH_1 EQUAL 13)
                set(${nvcc} ${place} PARENT_SCOPE)
                return()
            endif()
            string(APPEND why "; ${place} is of ${CMAKE_MATCH_1}.${CMAKE_MATCH_2}")
        elseif(CMAKE_CUDA_COMPILER)
            set(why "${place}, with which this build folder was configured, does not run; a new folder looks for another")
        endif()
    endforeach()
    set(${reason} "${why}" PARENT_SCOPE)
endfunction()

# Decides whether kernels are built: sets MOLSPACE_KERNELS, what the summary says of it, and for enable_language the
# compilers.
function(molspace_find_cuda)
    set(MOLSPACE_KERNELS OFF PARENT_SCOPE)
    string(TOUPPER "${MOLSPACE_CUDA}" wanted)
    set(torch "")
    if(MOLSPACE_TORCH_CUDA)
        set(torch "; LibTorch uses a GPU where one is found")
    endif()
    if(NOT wanted STREQUAL "AUTO" AND NOT MOLSPACE_CUDA)
        set(MOLSPACE_CUDA_STATE "kernels off: MOLSPACE_CUDA=${MOLSPACE_CUDA}${torch}" PARENT_SCOPE)
        return()
    endif()
    molspace_find_nvcc(nvcc reason)
    if(nvcc AND NOT CMAKE_CUDA_COMPILER)
        set(ENV{CUDACXX} ${nvcc})
        set(ENV{CUDAHOSTCXX} ${CMAKE_CXX_COMPILER})
        include(CheckLanguage)
        check_language(CUDA)
        if(NOT CMAKE_CUDA_COMPILER)
            unset(CMAKE_CUDA_COMPILER CACHE)  # the next run looks again
            set(reason "${nvcc} does not compile a test program with ${CMAKE_CXX_COMPILER}")
            set(nvcc "")
        endif()
    endif()
    if(nvcc)
        set(MOLSPACE_KERNELS ON PARENT_SCOPE)
        string(REPLACE ";" " " architectures "${CMAKE_CUDA_ARCHITECTURES}")
        set(MOLSPACE_CUDA_STATE "kernels by ${nvcc} for ${architectures}" PARENT_SCOPE)
        set(CMAKE_CUDA_HOST_COMPILER ${CMAKE_CXX_COMPILER} CACHE FILEPATH "The compiler of host code in .cu")
        return()
    endif()
    if(NOT wanted STREQUAL "AUTO" AND MOLSPACE_CUDA)
        message(FATAL_ERROR "MOLSPACE_CUDA=${MOLSPACE_CUDA}, but ${reason}.")
    endif()
    set(MOLSPACE_CUDA_STATE "kernels off: ${reason}${torch}" PARENT_SCOPE)
endfunction()

function(molspace_print_features)
    message(STATUS "molspace ${PROJECT_VERSION}:")
    message(STATUS "  reactor (LibTorch)  ${MOLSPACE_REACTOR} ${MOLSPACE_TORCH_ROOT}")
    message(STATUS "  CUDA                ${MOLSPACE_CUDA_STATE}")
    message(STATUS "  studio (Qt 6)       ${MOLSPACE_GUI}")
    message(STATUS "  tests               ${MOLSPACE_TESTS}")
endfunction()
