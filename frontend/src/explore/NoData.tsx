/** The question was answered, with nothing. */
import { EmptyState } from '../ui/Notice';
import { counted } from '../ui/words';

export function NoData({ histograms }: { histograms: number }) {
  return (
    <EmptyState title="No data">
      <p className="text-muted">
        {histograms > 0
          ? `The answer holds only ${counted(histograms, 'native histogram')}, which are not drawn. Use histogram_quantile() or histogram_avg().`
          : 'The clusters that answered have no series for this question. Check the metric name and its labels, or choose another time.'}
      </p>
    </EmptyState>
  );
}
