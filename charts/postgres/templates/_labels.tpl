{{- define "postgres.labels" -}}
app.kubernetes.io/name: postgres
app.kubernetes.io/component: database
app.kubernetes.io/part-of: dsp
{{- end }}
