{{- define "bench.pod" -}}
{{- $service := .service -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  seccompProfile:
    type: RuntimeDefault
{{- if .warm }}
shareProcessNamespace: true
{{- end }}
containers:
- name: oscar-container
  image: {{ $service.image }}
  imagePullPolicy: Always
  command:
  - /oscar/bin/ld.so
  - --library-path
  - /oscar/bin/lib
  - /oscar/bin/node
  - /oscar/bin/supervisor.cjs
  {{- if .warm }}
  - serve
  ports:
  - name: http
    containerPort: 8080
  livenessProbe:
    httpGet:
      path: /healthz?live
      port: http
    periodSeconds: 20
    timeoutSeconds: 10
    failureThreshold: 6
  readinessProbe:
    httpGet:
      path: /healthz
      port: http
    periodSeconds: 2
    timeoutSeconds: 5
  {{- end }}
  env:
  - name: OSCAR_SERVICE_NAME
    value: {{ $service.name }}
  - name: OSCAR_SERVICE_TOKEN
    valueFrom:
      secretKeyRef:
        name: {{ $service.name }}-token
        key: token
  - name: OSCAR_SERVICE_BASE_PATH
  {{- range $name, $value := ($service.environment | default dict).variables }}
  - name: {{ $name }}
    value: {{ $value | quote }}
  {{- end }}
  resources:
    requests: &resources
      cpu: {{ $service.cpu | default "200m" | quote }}
      memory: {{ $service.memory | default "256Mi" }}
    limits: *resources
  securityContext:
    allowPrivilegeEscalation: false
    privileged: false
  volumeMounts:
  - name: supervisor
    mountPath: /oscar/bin
    readOnly: true
  - name: config
    mountPath: /oscar/config
    readOnly: true
  - name: providers
    mountPath: /var/run/secrets/providers
    readOnly: true
  - name: work
    mountPath: /oscar/work
volumes:
- name: supervisor
  persistentVolumeClaim:
    claimName: {{ .root.Values.supervisorClaim }}
    readOnly: true
- name: config
  configMap:
    name: {{ $service.name }}
    defaultMode: 493
- name: providers
  projected:
    sources:
    - secret:
        name: {{ $service.name }}-minio
        items:
        - key: accessKey
          path: minio.default/accessKey
        - key: secretKey
          path: minio.default/secretKey
- name: work
  emptyDir: {}
{{- end }}
