/* Where on the flow cell a read was sequenced, from its name. */
#ifndef ANL_CLUSTER_H
#define ANL_CLUSTER_H

/* A name is what stands before x, as lane and tile, and the coordinates: MACHINE:RUN:FLOWCELL:LANE:TILE:X:Y, with or without :UMI behind it,
 * MACHINE:LANE:TILE:X:Y or LANE:TILE:X:Y, as samtools markdup reads them. */
typedef struct anl_cluster {
    long x, y;  /* -1 where the name has none */
    int before; /* letters before x */
} anl_cluster;

/* 1, or 0 when the name holds no coordinates. */
int anl_cluster_of(const char *name, anl_cluster *c);

/* Whether two clusters are within `distance` in x and in y, and equal in front of that: as many letters as the first has there. */
int anl_clusters_near(const char *first, const anl_cluster *a, const char *second, const anl_cluster *b, long distance);

#endif
