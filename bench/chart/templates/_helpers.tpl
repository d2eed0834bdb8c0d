{{- define "bench.selectorLabels" -}}
app.kubernetes.io/component: {{ .component }}
app.kubernetes.io/instance: {{ .service.name }}
{{- end }}

{{- define "bench.podLabels" -}}
{{ include "bench.selectorLabels" . }}
app.kubernetes.io/managed-by: oscar-cdk8s
app.kubernetes.io/name: {{ .service.name }}
app.kubernetes.io/part-of: oscar
oscar-cdk8s/environment: {{ .root.Values.environment | quote }}
oscar_service: {{ .service.name }}
{{- end }}

{{- define "bench.metadata" -}}
name: {{ .service.name }}
namespace: {{ .root.Values.servicesNamespace }}
labels:
  {{- include "bench.podLabels" (dict "root" .root "service" .service "component" "service") | nindent 2 }}
  oscar-cdk8s/version: {{ .root.Values.version | quote }}
{{- end }}

{{- define "bench.place" -}}
- storage_provider: {{ .storage_provider | default "minio.default" }}
  path: {{ .path }}
  prefix: {{ .prefix | default list | toJson }}
  suffix: {{ .suffix | default list | toJson }}
{{- end }}

{{- define "bench.places" -}}
{{- range . }}
{{ include "bench.place" . }}
{{- else }} []
{{- end }}
{{- end }}

{{- define "bench.definition" -}}
{{- $service := .service -}}
{{- $synchronous := $service.synchronous | default dict -}}
name: {{ $service.name }}
image: {{ $service.image }}
log_level: {{ $service.log_level | default "INFO" }}
cpu: {{ $service.cpu | default "0.2" | quote }}
memory: {{ $service.memory | default "256Mi" }}
enable_gpu: false
file_stage_in: {{ $service.file_stage_in | default false }}
isolation_level: {{ $service.isolation_level | default "service" }}
input:{{ include "bench.places" $service.input }}
output:{{ include "bench.places" $service.output }}
environment:
  variables:
    {{- with ($service.environment | default dict).variables }}
    {{- toYaml . | nindent 4 }}
    {{- else }} {}
    {{- end }}
annotations: {{ $service.annotations | default dict | toJson }}
labels: {{ $service.labels | default dict | toJson }}
storage_providers:
  minio:
    default:
      endpoint: http://{{ .root.Values.platform }}-minio.{{ .root.Values.namespace }}.svc:9000
      region: us-east-1
      verify: true
synchronous:
  min_scale: {{ $synchronous.min_scale | default 0 }}
  max_scale: {{ $synchronous.max_scale | default 1 }}
allowed_users: {{ $service.allowed_users | default list | toJson }}
visibility: {{ $service.visibility | default "private" }}
vo: {{ $service.vo | default "" | quote }}
job:
  retries: 3
  deadlineSeconds: 3600
  ttlSeconds: 86400
invocation:
  timeoutSeconds: {{ $service.timeout | default 300 }}
  maxInflight: {{ $service.max_inflight | default 1 }}
{{- end }}

{{- define "bench.config" -}}
function_config.yaml: |
  {{- include "bench.definition" . | nindent 2 }}
script.sh: |
  {{- .root.Files.Get .service.script | nindent 2 }}
{{- end }}
