/** The title of the document; how many alerts of weight fire stands before it, to be seen from another tab. */
import { useFiring } from '../api/alerts';

export function PageTitle({ children }: { children: string }) {
  const { critical, warning } = useFiring();
  const firing = critical + warning;
  return <title>{`${firing > 0 ? `(${firing}) ` : ''}${children} · AIOps NextGen`}</title>;
}
