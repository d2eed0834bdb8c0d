import { Apache, LOGIN } from '../../servers/support/apache';
import { RealS3, startVersity } from '../../servers/support/s3';
import type { FlowOptions } from './flow';

/** Servers that are not the platform's, and what an environment has to say of them. */
export class Outside {
  static async start(): Promise<Outside> {
    const apache = await Apache.start();
    try {
      return new Outside(apache, await startVersity());
    } catch (error) {
      await apache.stop();
      throw error;
    }
  }

  private constructor(
    readonly apache: Apache,
    readonly second: RealS3,
  ) {}

  get options(): Pick<FlowOptions, 'overlay' | 'secrets'> {
    const { accessKey, secretKey, endpoint } = this.second.settings();
    return {
      overlay: {
        storageProviders: {
          s3: { second: { endpoint } },
          webdav: { archive: { hostname: `${this.apache.url}/basic` } },
        },
      },
      secrets: { 'second-s3': { accessKey, secretKey }, 'webdav-archive': { ...LOGIN } },
    };
  }

  async stop(): Promise<void> {
    await Promise.all([this.apache.stop(), this.second.stop()]);
  }
}
