{{- /* A zone may bear capitals, dots and underscores; a Service's name may not. */ -}}
{{- define "watcher.name" -}}
watcher-{{ . | lower | replace "." "-" | replace "_" "-" }}
{{- end }}
{{- define "watcher.selector" -}}
app.kubernetes.io/name: watcher
app.kubernetes.io/component: watcher
{{- end }}
{{- define "watcher.labels" -}}
{{ include "watcher.selector" . }}
app.kubernetes.io/part-of: dsp
{{- end }}
{{- /* Cluster-wide names carry the namespace: another one may have watchers of its own. */ -}}
{{- define "watcher.clusterWide" -}}
{{ .Release.Namespace }}-watcher
{{- end }}
{{- /* The site's own address for its peers, by site. */ -}}
{{- define "watcher.peerUrls" -}}
{{- $urls := dict -}}
{{- range .Values.sites -}}
{{- $_ := set $urls . (printf "https://%s.%s.svc:%d" (include "watcher.name" .) $.Release.Namespace (int $.Values.port)) -}}
{{- end -}}
{{- toJson $urls -}}
{{- end }}
{{- /* The sites of this release, as JSON; refuses names that are none of the three. */ -}}
{{- define "watcher.deployed" -}}
{{- if not (has .Values.witness .Values.sites) -}}
{{- fail (printf "witness %q is none of the sites %s" .Values.witness (join ", " .Values.sites)) -}}
{{- end -}}
{{- if not .Values.site -}}
{{- toJson .Values.sites -}}
{{- else if has .Values.site .Values.sites -}}
{{- toJson (list .Values.site) -}}
{{- else -}}
{{- fail (printf "site %q is none of the sites %s" .Values.site (join ", " .Values.sites)) -}}
{{- end -}}
{{- end }}
