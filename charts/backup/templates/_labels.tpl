{{- define "backup.selector" -}}
app.kubernetes.io/name: backup
app.kubernetes.io/component: backup
{{- end }}
{{- define "backup.labels" -}}
{{ include "backup.selector" . }}
app.kubernetes.io/part-of: dsp
{{- end }}
{{- /* Named by their content: a pod never starts with another's, whatever is changed first. */ -}}
{{- define "backup.scripts" -}}
backup-scripts-{{ (.Files.Glob "files/*").AsConfig | sha256sum | trunc 10 }}
{{- end }}
{{- /* A zone may bear capitals, dots and underscores; an object's name may not. */ -}}
{{- define "backup.name" -}}
backup-{{ . | lower | replace "." "-" | replace "_" "-" }}
{{- end }}
