{{- define "redis.selector" -}}
app.kubernetes.io/name: redis
app.kubernetes.io/component: cache
{{- end }}
{{- define "redis.labels" -}}
{{ include "redis.selector" . }}
app.kubernetes.io/part-of: dsp
{{- end }}
{{- /* Named by their content: a pod never starts with another's, whatever is changed first. */ -}}
{{- define "redis.scripts" -}}
redis-scripts-{{ (.Files.Glob "files/*").AsConfig | sha256sum | trunc 10 }}
{{- end }}
