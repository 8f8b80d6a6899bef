declare module "socket.io-client-v2" {
  const connect: unknown;
  export default connect;
}
