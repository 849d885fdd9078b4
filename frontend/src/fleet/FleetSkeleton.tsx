/** The dashboard's shape while its first answer is awaited. */
import { Bone, Loading } from '../ui/Skeleton';

export function FleetSkeleton() {
  return (
    <Loading what="the fleet">
      <div className="flex flex-col gap-4">
        <Bone className="h-10" />
        <Bone className="h-8 w-2/3" />
        <div className="grid gap-3 sm:grid-cols-[repeat(auto-fill,minmax(340px,1fr))]">
          {[1, 2, 3].map((card) => (
            <Bone key={card} className="h-44" />
          ))}
        </div>
      </div>
    </Loading>
  );
}
