rule good { condition: true }

rule bad { condition: $nowhere }
