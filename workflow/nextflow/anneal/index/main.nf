process ANNEAL_INDEX {
    tag "$fasta"
    label 'process_high'

    conda "${moduleDir}/environment.yml"
    // the image that packaging/Dockerfile makes
    container "anneal:0.2.0"

    input:
    tuple val(meta), path(fasta)

    output:
    tuple val(meta), path("*.anl"), emit: index
    tuple val("${task.process}"), val('anneal'), eval("anneal --version | sed 's/^.* //'"), emit: versions_anneal, topic: versions

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    def prefix = task.ext.prefix ?: "${fasta.baseName}"
    """
    anneal index \\
        $args \\
        -t $task.cpus \\
        -o ${prefix}.anl \\
        $fasta
    """

    stub:
    def prefix = task.ext.prefix ?: "${fasta.baseName}"
    """
    touch ${prefix}.anl
    """
}
