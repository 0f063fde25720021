include: "workflow/rules/common.smk"
include: "workflow/rules/inputs.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/synthesis.smk"
include: "workflow/rules/restoration.smk"
include: "workflow/rules/recognition.smk"
include: "workflow/rules/reporting.smk"
include: "workflow/rules/hooks.smk"


rule all:
    default_target: True
    input:
        rules.data.input,
        rules.synthesis.input,
        rules.restoration.input,
        rules.recognisers.input,
        rules.report.input,
