// The functions of FAISS's C API that the store uses, over the C++ library: Debian ships the C headers without their code.
#include <faiss/Clustering.h>
#include <faiss/IndexFlat.h>
#include <faiss/IndexIVF.h>
#include <faiss/IndexScalarQuantizer.h>
#include <faiss/impl/AuxIndexStructures.h>
#include <faiss/index_io.h>
#include <faiss/utils/distances.h>

#include <exception>
#include <string>
#include <vector>

// After the C++ headers: both define METRIC_L2 and friends, so the C declarations live in names of their own here.
#include <cstddef>
#include <cstdint>
#include <cstdio>

namespace
{

thread_local std::string last_error;

template <typename F> int guarded(F f)
{
    try {
        f();
        return 0;
    } catch (const std::exception &e) {
        last_error = e.what();
    } catch (...) {
        last_error = "unknown exception";
    }
    return -1;
}

// Laid out as FaissClusteringParameters of Clustering_c.h.
struct Parameters {
    int niter, nredo, verbose, spherical, int_centroids, update_index, frozen_centroids;
    int min_points_per_centroid, max_points_per_centroid, seed;
    size_t decode_block_size;
};

using faiss::Index;
typedef Index::idx_t id;

Index *index(void *p)
{
    return static_cast<Index *>(p);
}

const Index *index(const void *p)
{
    return static_cast<const Index *>(p);
}

faiss::IndexIVF *ivf(void *p)
{
    return static_cast<faiss::IndexIVF *>(index(p));
}

const faiss::IndexIVF *ivf(const void *p)
{
    return static_cast<const faiss::IndexIVF *>(index(p));
}

// FAISS asks between blocks of vectors whether to go on: where it is, it does not tell, but its rounds and the blocks can be counted.
struct Watch : faiss::InterruptCallback {
    const faiss::Clustering *clustering;
    int64_t n, round = 0, blocks = 0;
    void (*tell)(void *, int64_t, int64_t);
    void *data;

    Watch(const faiss::Clustering *c, int64_t points, void (*t)(void *, int64_t, int64_t), void *d)
        : clustering(c), n(points), tell(t), data(d)
    {
    }

    bool want_interrupt() override
    {
        const int64_t rounds = static_cast<int64_t>(clustering->iteration_stats.size());
        blocks = rounds > round ? 0 : blocks + 1;
        round = rounds;
        const int64_t inside = blocks * faiss::distance_compute_blas_query_bs;
        tell(data, round * n + (inside < n ? inside : n), clustering->niter * n);
        return false;
    }
};

} // namespace

extern "C" {

const char *faiss_get_last_error()
{
    return last_error.c_str();
}

void faiss_ClusteringParameters_init(Parameters *p)
{
    const faiss::ClusteringParameters d;
    *p = Parameters{d.niter,
                    d.nredo,
                    d.verbose,
                    d.spherical,
                    d.int_centroids,
                    d.update_index,
                    d.frozen_centroids,
                    d.min_points_per_centroid,
                    d.max_points_per_centroid,
                    d.seed,
                    d.decode_block_size};
}

int faiss_Clustering_new_with_params(void **out, int d, int k, const Parameters *p)
{
    return guarded([&] {
        faiss::ClusteringParameters c;
        c.niter = p->niter;
        c.nredo = p->nredo;
        c.verbose = p->verbose;
        c.spherical = p->spherical;
        c.int_centroids = p->int_centroids;
        c.update_index = p->update_index;
        c.frozen_centroids = p->frozen_centroids;
        c.min_points_per_centroid = p->min_points_per_centroid;
        c.max_points_per_centroid = p->max_points_per_centroid;
        c.seed = p->seed;
        c.decode_block_size = p->decode_block_size;
        *out = new faiss::Clustering(d, k, c);
    });
}

int anl_faiss_cluster(void *clustering, id n, const float *x, void *assigner, void (*tell)(void *, int64_t, int64_t), void *data)
{
    faiss::Clustering *c = static_cast<faiss::Clustering *>(clustering);
    int failed = guarded([&] {
        faiss::InterruptCallback::instance.reset(new Watch(c, n, tell, data));
        c->train(n, x, *index(assigner));
    });
    faiss::InterruptCallback::clear_instance();
    return failed;
}

void faiss_Clustering_centroids(void *clustering, float **centroids, size_t *size)
{
    std::vector<float> &v = static_cast<faiss::Clustering *>(clustering)->centroids;
    *centroids = v.data();
    *size = v.size();
}

void faiss_Clustering_free(void *clustering)
{
    delete static_cast<faiss::Clustering *>(clustering);
}

int faiss_IndexFlatL2_new_with(void **out, id d)
{
    return guarded([&] { *out = static_cast<Index *>(new faiss::IndexFlatL2(d)); });
}

int faiss_IndexIVFScalarQuantizer_new_with_metric(void **out, void *quantizer, size_t d, size_t nlist, int type, int metric, int residual)
{
    return guarded([&] {
        *out = static_cast<Index *>(new faiss::IndexIVFScalarQuantizer(index(quantizer), d, nlist,
                                                                       static_cast<faiss::ScalarQuantizer::QuantizerType>(type),
                                                                       static_cast<faiss::MetricType>(metric), residual != 0));
    });
}

void faiss_IndexIVFScalarQuantizer_set_nprobe(void *p, size_t nprobe)
{
    ivf(p)->nprobe = nprobe;
}

int faiss_IndexIVFScalarQuantizer_add_core(void *p, id n, const float *x, const id *ids, const id *lists)
{
    return guarded([&] { ivf(p)->add_core(n, x, ids, lists); });
}

int faiss_Index_train(void *p, id n, const float *x)
{
    return guarded([&] { index(p)->train(n, x); });
}

int faiss_Index_add(void *p, id n, const float *x)
{
    return guarded([&] { index(p)->add(n, x); });
}

int faiss_Index_search(const void *p, id n, const float *x, id k, float *distances, id *labels)
{
    return guarded([&] { index(p)->search(n, x, k, distances, labels); });
}

int faiss_IndexIVF_search_preassigned(const void *p, id n, const float *x, id k, const id *lists, const float *list_distances,
                                      float *distances, id *labels, int store_pairs)
{
    return guarded([&] { ivf(p)->search_preassigned(n, x, k, lists, list_distances, distances, labels, store_pairs != 0); });
}

size_t faiss_IndexIVF_get_list_size(const void *p, size_t list)
{
    return ivf(p)->get_list_size(list);
}

void faiss_IndexIVF_invlists_get_ids(const void *p, size_t list, id *out)
{
    const faiss::InvertedLists *lists = ivf(p)->invlists;
    faiss::InvertedLists::ScopedIds ids(lists, list);
    for (size_t i = 0, n = lists->list_size(list); i < n; ++i) out[i] = ids[i];
}

int faiss_write_index(const void *p, FILE *file)
{
    return guarded([&] { faiss::write_index(index(p), file); });
}

void faiss_Index_free(void *p)
{
    delete index(p);
}

} // extern "C"
