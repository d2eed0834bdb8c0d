export const HELP = `oscar-cdk8s: environments in, manifests of the whole OSCAR platform out.

Usage:
  oscar-cdk8s synth [environment...] [options]

Writes the manifests of the named environments, by default of all in environments/*.yaml, to dist/<environment>/.
Apply them with: kubectl apply --server-side -f dist/<environment>

Options:
  --outdir <folder>        where to write [CDK8S_OUTDIR, or dist]
  --environments <folder>  where environments are read from [environments]
  --strict                 warnings are errors
  -h, --help               this text
  --version                version of oscar-cdk8s

Exit codes:
  0  everything was written
  1  wrong use, or an environment that can't be used: nothing was changed, and stderr says what to do
`;
