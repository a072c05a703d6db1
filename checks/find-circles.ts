/**
 * Finds the groups of files that import each other in a circle: the strongly connected components with more than one
 * file, by Tarjan's algorithm.
 */
export function findCircles(importsOf: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const order = new Map<string, number>();
  const open: string[] = [];
  const circles: string[][] = [];

  const visit = (file: string): number => {
    const index = order.size;
    order.set(file, index);
    open.push(file);
    let low = index;
    for (const imported of importsOf.get(file) ?? []) {
      if (!order.has(imported)) low = Math.min(low, visit(imported));
      else if (open.includes(imported)) low = Math.min(low, order.get(imported) ?? low);
    }
    if (low === index) {
      const circle = open.splice(open.indexOf(file));
      if (circle.length > 1) circles.push(circle.toSorted());
    }
    return low;
  };

  for (const file of importsOf.keys()) if (!order.has(file)) visit(file);
  return circles;
}
