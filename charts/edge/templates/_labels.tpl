{{- define "edge.name" -}}edge-{{ .Values.site }}{{- end }}
{{- define "edge.selector" -}}
app.kubernetes.io/name: edge
app.kubernetes.io/component: edge
app.kubernetes.io/instance: {{ include "edge.name" . }}
{{- end }}
{{- define "edge.labels" -}}
{{ include "edge.selector" . }}
app.kubernetes.io/part-of: dsp
{{- end }}
{{- /* Named by its content: a pod never starts with another's, whatever is changed first. */ -}}
{{- define "edge.config" -}}
{{ include "edge.name" . }}-{{ printf "%s%s" (tpl (.Files.Get "files/haproxy.cfg") .) ((.Files.Glob "files/*").AsConfig) | sha256sum | trunc 10 }}
{{- end }}
{{- /* Each backend with the port of its checks. */ -}}
{{- define "edge.beats" -}}
{{- $beats := list -}}
{{- range .Values.services -}}
{{- $beats = append $beats (printf "%s:%d" .name (int .checkPort)) -}}
{{- end -}}
{{- join " " $beats -}}
{{- end }}
{{- /* The services' own. */ -}}
{{- define "edge.ports" -}}
{{- $ports := list -}}
{{- range .Values.services -}}
{{- $ports = append $ports (toString (int .port)) -}}
{{- end -}}
{{- join " " (uniq $ports) -}}
{{- end }}
