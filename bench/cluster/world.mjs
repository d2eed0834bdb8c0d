// What `load` asks, of the environment `e2e`: its service `checksum` takes what comes to one folder, and leaves results in another.
import { ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { logged } from '../load.mjs';

const PATIENCE_SECONDS = 400;

export class World {
  constructor({ kit, cluster, store, jobs, bucket = 'uploads', folder = 'in', results = 'out' }) {
    Object.assign(this, { kit, cluster, store, jobs, bucket, folder, results });
    this.client = store.client();
  }

  /** Its own uploads go elsewhere. */
  at(place) {
    return new World({ ...this, ...place });
  }

  async put(key, content) {
    await this.client.send(new PutObjectCommand({ Bucket: this.bucket, Key: `${this.folder}/${key}`, Body: content }));
  }

  jobOf(key) {
    const job = this.jobs.byObject.get(`${this.bucket}/${this.folder}/${key}`);
    return job?.complete && job;
  }

  untilAll(check) {
    return this.kit.eventually('each file has its result', PATIENCE_SECONDS, async () => check());
  }

  async resultsOf(run) {
    const results = new Map();
    const place = { Bucket: this.bucket, Prefix: `${this.results}/${run}-` };
    let page = {};
    do {
      page = await this.client.send(
        new ListObjectsV2Command({ ...place, ContinuationToken: page.NextContinuationToken }),
      );
      for (const { Key, LastModified } of page.Contents ?? []) {
        results.set(Key.slice(this.results.length + 1).replace(/\.md5$/, ''), LastModified.getTime());
      }
    } while (page.NextContinuationToken);
    return results;
  }

  async momentsOf(name) {
    const { text, ...moments } = await this.jobs.momentsOf(name);
    return { ...moments, ...logged(text.replace(/^\S+ /gm, '')) };
  }

  /** Removes files, and what became of them. */
  async remove(files) {
    const paths = files.flatMap(({ key }) => [`${this.folder}/${key}`, `${this.results}/${key}.md5`]);
    await this.store.remove(...paths.map((path) => `${this.bucket}/${path}`));
  }
}
