include: "workflow/rules/common.smk"
include: "workflow/rules/retrieve.smk"
include: "workflow/rules/faces.smk"
include: "workflow/rules/masks.smk"
include: "workflow/rules/synthesis.smk"
include: "workflow/rules/metrics.smk"
include: "workflow/rules/inputs.smk"
include: "workflow/rules/restoration.smk"
include: "workflow/rules/recognition.smk"
include: "workflow/rules/reporting.smk"
include: "workflow/rules/targets.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/hooks.smk"


rule all:
    default_target: True
    input:
        EVERYTHING,
        PATHS.report,
