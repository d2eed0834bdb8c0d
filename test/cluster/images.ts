import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster } from './cluster';

const REGISTRY = 'http://172.30.0.1:5000';
/** Where the world's images have programs that the examples' scripts call, and an empty one would end at once. */
const CONTENT: Readonly<Record<string, readonly string[]>> = {
  'docker.io/grycap/darknet-v3:latest': ['--add', `${join(__dirname, 'images/darknet')}=/opt/darknet/darknet`],
  'docker.io/linuxserver/ffmpeg:latest': ['--add', `${join(__dirname, 'images/ffmpeg')}=/usr/local/bin/ffmpeg`],
  'docker.io/ai4oshub/plants-classification:latest': [
    ...['--add', `${join(__dirname, 'images/deepaas-cli')}=/usr/local/bin/deepaas-cli`],
  ],
  'docker.io/library/nginx:1.29': [
    ...['--add', `${join(__dirname, 'images/nginx')}=/usr/sbin/nginx`],
    ...['--add', `${join(__dirname, 'images/index.html')}=/usr/share/nginx/html/index.html`],
  ],
};

/**
 * Images that the manifests name and the cluster's registry lacks, made from busybox alone: no libc is in them, so
 * that what runs there brought everything with it.
 */
export async function pushMissingImages(cluster: Cluster, folder: string): Promise<void> {
  for (const image of imagesIn(folder)) {
    const content = CONTENT[image];
    // What is made here may have been made otherwise before: the registry outlives a cluster.
    if (content || !(await isThere(image))) await cluster.push(image, '--from', 'busybox', ...(content ?? []));
  }
}

function imagesIn(folder: string): string[] {
  const text = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'));
  const images = text.join('\n').matchAll(/^ +(?:- )?image: ["']?([^"'\s]+)["']?$/gm);
  return [...new Set([...images].map(([, image]) => fullName(image)))];
}

/** As a container runtime reads it: from Docker Hub, where no registry is named; the tag `latest`, where none is. */
function fullName(image: string): string {
  const tagged = /:[^/]+$/.test(image) ? image : `${image}:latest`;
  if (/^[^/]+[.:][^/]*\//.test(tagged)) return tagged;
  return tagged.includes('/') ? `docker.io/${tagged}` : `docker.io/library/${tagged}`;
}

async function isThere(image: string): Promise<boolean> {
  const [, path, tag] = /^[^/]+\/(.*):([^:]+)$/.exec(image)!;
  const headers = { accept: 'application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json' };
  return (await fetch(`${REGISTRY}/v2/${path}/manifests/${tag}`, { method: 'HEAD', headers })).ok;
}
