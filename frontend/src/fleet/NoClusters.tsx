/** The first thing a new installation shows: what would be here, and the ways to fill it. */
import { useMe } from '../api/me';
import { ButtonLink } from '../ui/Button';
import { Command, EmptyState } from '../ui/Notice';

const body = { name: 'my-cluster', api_server_url: 'https://api.my-cluster.example:6443' };

const registration = (origin: string): string =>
  `curl -X POST ${origin}/api/v1/clusters -H "Authorization: Bearer $AIOPS_TOKEN" -H "Content-Type: application/json" -d '${JSON.stringify(body)}'`;

export function NoClusters() {
  const me = useMe();
  return (
    <EmptyState title="No clusters yet">
      <title>Fleet · AIOps NextGen</title>
      <p className="text-muted">
        Each registered cluster gets a card here with its state, its parts and why something is down. None is registered,
        or none is granted to you.
      </p>
      {me?.is_staff === true ? (
        <div>
          <ButtonLink tone="primary" href="/admin/clusters/cluster/add/">
            Register a cluster
          </ButtonLink>
        </div>
      ) : (
        <p>Ask an administrator to register a cluster, or to grant you one.</p>
      )}
      <p className="text-muted">By the API, with a token of manage.py create_token:</p>
      <Command text={registration(window.location.origin)} />
      <p className="text-muted">To look around first, start the simulated fleet on your own machine:</p>
      <Command text="make demo" />
    </EmptyState>
  );
}
