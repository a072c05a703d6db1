import java.nio.file.Path;
import org.codelibs.opensearch.runner.OpenSearchRunner;

/** Runs a single-node OpenSearch on loopback, with the given folder and port, until its standard input ends. */
public final class Start {
  public static void main(String[] args) throws Exception {
    String folder = args[0];
    int port = Integer.parseInt(args[1]);
    OpenSearchRunner runner = new OpenSearchRunner();
    runner.onBuild((number, settings) -> {
      settings.put("network.host", "127.0.0.1");
      settings.put("discovery.type", "single-node");
      settings.putList("node.roles", "cluster_manager", "data", "ingest");
      settings.put("http.port", String.valueOf(port));
      settings.put("transport.port", "0");
      // Otherwise OpenSearch refuses writes on a nearly full disk, which is not what the tests check.
      settings.put("cluster.routing.allocation.disk.threshold_enabled", "false");
    });
    runner.build(OpenSearchRunner.newConfigs().basePath(Path.of(folder).toAbsolutePath().toString()).numOfNode(1));
    System.out.println("ready");
    while (System.in.read() != -1) {}
    runner.close();
    System.exit(0);
  }
}
