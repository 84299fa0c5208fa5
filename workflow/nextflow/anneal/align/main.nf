process ANNEAL_ALIGN {
    tag "$meta.id"
    label 'process_high'

    conda "${moduleDir}/environment.yml"
    // the image that packaging/Dockerfile makes
    container "anneal:0.2.0"

    input:
    tuple val(meta), path(reads)
    tuple val(meta2), path(index)
    tuple val(meta3), path(fasta)
    val sort_bam

    output:
    tuple val(meta), path("*.bam"), emit: bam, optional: true
    tuple val(meta), path("*.cram"), emit: cram, optional: true
    tuple val(meta), path("*.bai"), emit: bai, optional: true
    tuple val(meta), path("*.csi"), emit: csi, optional: true
    tuple val(meta), path("*.crai"), emit: crai, optional: true
    tuple val(meta), path("*.summary.json"), emit: json
    tuple val(meta), path("*_mqc.json"), emit: multiqc
    tuple val("${task.process}"), val('anneal'), eval("anneal --version | sed 's/^.* //'"), emit: versions_anneal, topic: versions

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    def prefix = task.ext.prefix ?: "${meta.id}"
    def extension = args.contains("--output-format cram") ? "cram" : "bam"
    def reference = fasta && extension == "cram" ? "--reference ${fasta}" : ""
    def sort = sort_bam ? "--sort" : ""
    """
    anneal align \\
        $args \\
        $sort \\
        $reference \\
        -t $task.cpus \\
        --summary ${prefix}.summary.json \\
        --multiqc ${prefix} \\
        -o ${prefix}.${extension} \\
        $index \\
        $reads
    """

    stub:
    def args = task.ext.args ?: ''
    def prefix = task.ext.prefix ?: "${meta.id}"
    def extension = args.contains("--output-format cram") ? "cram" : "bam"
    def suffix = extension == "cram" ? "crai" : args.contains("--csi") ? "csi" : "bai"
    def beside = sort_bam ? "touch ${prefix}.${extension}.${suffix}" : ""
    """
    touch ${prefix}.${extension}
    $beside
    touch ${prefix}.summary.json
    touch ${prefix}.anneal_reads_mqc.json
    """
}
