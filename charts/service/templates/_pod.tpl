{{- define "service.selector" -}}
app.kubernetes.io/name: {{ .Values.name }}
app.kubernetes.io/component: service
{{- end }}
{{- define "service.labels" -}}
{{ include "service.selector" . }}
app.kubernetes.io/part-of: dsp
{{- end }}

{{- /* What the service's pods and its seed have in common. */ -}}
{{- define "service.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1000
runAsGroup: 1000
fsGroup: 1000
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "service.dns" -}}
# The node's DNS comes back a moment after the node: who asks too early asks again in 1 s, not in 5.
options: [{ name: timeout, value: "1" }, { name: attempts, value: "2" }]
{{- end }}

{{- define "service.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{- define "service.env" -}}
- { name: POD_NAME, valueFrom: { fieldRef: { fieldPath: metadata.name } } }
- { name: NODE_NAME, valueFrom: { fieldRef: { fieldPath: spec.nodeName } } }
# Kubernetes copies its node's zone to each pod at binding.
- { name: SITE, valueFrom: { fieldRef: { fieldPath: "metadata.labels['topology.kubernetes.io/zone']" } } }
- { name: PORT, value: {{ .Values.port | quote }} }
- { name: METRICS_PORT, value: {{ .Values.metricsPort | quote }} }
- { name: PUBLIC_URL, value: {{ .Values.publicUrl | quote }} }
- { name: TLS_CERT_FILE, value: /etc/dsp/tls/tls.crt }
- { name: TLS_KEY_FILE, value: /etc/dsp/tls/tls.key }
- { name: POSTGRES_HOSTS, value: {{ join "," .Values.postgres.hosts | quote }} }
- { name: POSTGRES_DATABASE, value: {{ .Values.postgres.database | quote }} }
- { name: POSTGRES_USER, value: {{ .Values.name | quote }} }
- { name: POSTGRES_PASSWORD_FILE, value: /etc/dsp/files/postgres-password }
- { name: POSTGRES_OTHER_PASSWORDS_FILE, value: /etc/dsp/files/postgres-passwords-other }
- { name: POSTGRES_CA_FILE, value: /etc/dsp/files/postgres-ca.crt }
- { name: POSTGRES_POOL_MAX, value: {{ .Values.postgres.poolMax | quote }} }
- { name: POSTGRES_TLS_NAME, value: {{ .Values.postgres.tlsName | quote }} }
- { name: REDIS_SENTINELS, value: {{ join "," .Values.redis.sentinels | quote }} }
- { name: REDIS_PRIMARY_NAME, value: {{ .Values.redis.primaryName | quote }} }
- { name: REDIS_PASSWORD_FILE, value: /etc/dsp/files/redis-password }
- { name: REDIS_OTHER_PASSWORDS_FILE, value: /etc/dsp/files/redis-passwords-other }
- { name: REDIS_CA_FILE, value: /etc/dsp/files/redis-ca.crt }
- { name: REDIS_TLS_NAME, value: {{ .Values.redis.tlsName | quote }} }
- { name: TOKEN_ISSUER, value: {{ .Values.tokenIssuer | quote }} }
- { name: TOKEN_AUDIENCE, value: {{ .Values.tokenAudience | quote }} }
- { name: TOKEN_JWKS_FILE, value: /etc/dsp/files/jwks.json }
- { name: DEADLINE_MS, value: {{ .Values.deadlineMs | quote }} }
- { name: LOG_LEVEL, value: {{ .Values.logLevel | quote }} }
- { name: NODE_ENV, value: production }
{{- range $name, $value := .Values.env }}
- { name: {{ $name }}, value: {{ $value | quote }} }
{{- end }}
{{- end }}

{{- define "service.mounts" -}}
- { name: tls, mountPath: /etc/dsp/tls, readOnly: true }
- { name: files, mountPath: /etc/dsp/files, readOnly: true }
- { name: tmp, mountPath: /tmp }
{{- end }}

{{- define "service.volumes" -}}
- { name: tls, secret: { secretName: {{ .Values.certificateSecret }}, defaultMode: 0440 } }
- name: files
  projected:
    defaultMode: 0440
    sources:
      - secret:
          name: {{ .Values.postgres.passwordSecret | default (printf "role-%s" .Values.name) }}
          items: [{ key: password, path: postgres-password }]
      - secret:
          # Tried where that one is refused: it is about to change, or has just changed.
          name: {{ .Values.postgres.passwordSecret | default (printf "role-%s" .Values.name) }}
          items: [{ key: others, path: postgres-passwords-other }]
          optional: true
      - secret:
          # Only the certificate: the key of PostgreSQL's authority lies in the same Secret.
          name: {{ .Values.postgres.caSecret }}
          items: [{ key: ca.crt, path: postgres-ca.crt }]
      - secret:
          name: {{ .Values.redis.passwordSecret }}
          items: [{ key: password, path: redis-password }]
      - secret:
          name: {{ .Values.redis.passwordSecret }}
          items: [{ key: previous, path: redis-passwords-other }]
          optional: true
      - secret:
          name: {{ .Values.redis.caSecret }}
          items: [{ key: ca.crt, path: redis-ca.crt }]
      - configMap:
          name: {{ .Values.tokenKeysConfigMap }}
          items: [{ key: jwks.json, path: jwks.json }]
      {{- range .Values.files }}
      {{- if .secret }}
      - secret:
          name: {{ .secret }}
          items: [{ key: {{ .path }}, path: {{ .path }} }]
      {{- else }}
      - configMap:
          name: {{ .configMap }}
          items: [{ key: {{ .path }}, path: {{ .path }} }]
      {{- end }}
      {{- end }}
- { name: tmp, emptyDir: { sizeLimit: 64Mi } }
{{- end }}

{{- /* In the two zones, never in the witness. */ -}}
{{- define "service.nodeAffinity" -}}
nodeAffinity:
  requiredDuringSchedulingIgnoredDuringExecution:
    nodeSelectorTerms:
      - matchExpressions:
          - { key: topology.kubernetes.io/zone, operator: In, values: {{ toJson .Values.zones }} }
{{- end }}

{{- /*
A pod on a dead node is replaced after half a minute, not after the default five. Not sooner: the others carry everything, a node that is back
by then needs no replacement, and starting one takes processor time at the very moment when everybody is moving.
*/ -}}
{{- define "service.tolerations" -}}
- { key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 30 }
- { key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 30 }
{{- end }}
