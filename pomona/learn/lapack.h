#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "pomona/base/status.h"

/// \file
/// \brief The routines of LAPACK that are called, in Fortran's calling convention: matrices are column-major, and the
/// length of every text comes last.
///
/// They are those of the reference LAPACK (netlib.org/lapack), linked statically and compiled for no processor in
/// particular; lapack.cc gives them the part of BLAS in which the time goes, by our own kernels. So the bits depend
/// neither on the processor nor on the environment. Every call runs on its caller's thread.
extern "C" {
void dsytrd_(const char* uplo, const int* n, double* a, const int* lda, double* d, double* e, double* tau, double* work,
             const int* lwork, int* info, std::size_t);
void dsterf_(const int* n, double* d, double* e, int* info);
void dstemr_(const char* jobz, const char* range, const int* n, double* d, double* e, const double* vl,
             const double* vu, const int* il, const int* iu, int* m, double* w, double* z, const int* ldz,
             const int* nzc, int* isuppz, int* tryrac, double* work, const int* lwork, int* iwork, const int* liwork,
             int* info, std::size_t, std::size_t);
void dstedc_(const char* compz, const int* n, double* d, double* e, double* z, const int* ldz, double* work,
             const int* lwork, int* iwork, const int* liwork, int* info, std::size_t);
void dormtr_(const char* side, const char* uplo, const char* trans, const int* m, const int* n, const double* a,
             const int* lda, const double* tau, double* c, const int* ldc, double* work, const int* lwork, int* info,
             std::size_t, std::size_t, std::size_t);
void dgeqrf_(const int* m, const int* n, double* a, const int* lda, double* tau, double* work, const int* lwork,
             int* info);
void dorgqr_(const int* m, const int* n, const int* k, double* a, const int* lda, const double* tau, double* work,
             const int* lwork, int* info);
}

namespace pomona::lapack {

/// \return UnknownError that names the routine, unless info is 0
Status Check(int info, const char* routine);

/// \brief Memory for a routine. \param[in] wanted what the routine answered when asked with lwork = -1
std::vector<double> Workspace(double wanted);

}  // namespace pomona::lapack
