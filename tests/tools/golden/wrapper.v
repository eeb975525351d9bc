module wrapper(input clk, input serial_in, output serial_out);
  reg [3:0] feed;
  wire [0:0] \port.rst ;
  wire [5:0] \port.x ;
  wire [0:0] \port.valid ;
  wire [4:0] \port.scores ;
  assign \port.rst  = {feed[0:0]};
  assign \port.x  = {feed[3:3], 3'b0, feed[2:1]};
  top design (
    .clk(clk),
    .\rst (\port.rst ),
    .\x (\port.x ),
    .\valid (\port.valid ),
    .\scores (\port.scores )
  );
  reg [5:0] fold0;
  reg [1:0] fold1;
  reg [0:0] fold2;
  assign serial_out = fold2[0];
  always @(posedge clk) begin
    feed <= {feed[2:0], serial_in};
    fold0 <= {\port.scores , \port.valid };
    fold1 <= {^fold0[5:4], ^fold0[3:0]};
    fold2 <= {^fold1[1:0]};
  end
endmodule
