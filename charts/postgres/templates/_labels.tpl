{{- define "postgres.labels" -}}
app.kubernetes.io/name: postgres
app.kubernetes.io/component: database
app.kubernetes.io/part-of: dsp
{{- end }}
{{- /* Cluster-wide names carry the namespace: another one may have a cluster of the same name. */ -}}
{{- define "postgres.moves" -}}
{{ .Release.Namespace }}-{{ .Values.name }}-moves
{{- end }}
